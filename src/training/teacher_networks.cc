#include "training/teacher_networks.h"

#include <algorithm>
#include <utility>

#include "network/checkpoint.h"

namespace coco_mcu::training {
namespace {

constexpr double kLeastProbability = 1e-6;  // its logit stays finite

torch::Tensor for_each_channel(const float (&values)[3], const torch::Tensor& like) {
  return torch::tensor({values[0], values[1], values[2]}).to(like.device()).view({1, 3, 1, 1});
}

/// Pictures as one network sees them, as another one does.
torch::Tensor translate(const torch::Tensor& pictures, const core::Preprocessing& from,
                        const core::Preprocessing& to) {
  torch::Tensor x = pictures;
  const bool same_colours = std::equal(from.mean, from.mean + 3, to.mean) &&
                            std::equal(from.deviation, from.deviation + 3, to.deviation);
  if (!same_colours) {
    x = x * for_each_channel(from.deviation, x) + for_each_channel(from.mean, x);
    x = (x - for_each_channel(to.mean, x)) / for_each_channel(to.deviation, x);
  }
  if (x.size(2) != to.height || x.size(3) != to.width) {
    x = torch::upsample_bilinear2d(x, {to.height, to.width}, /*align_corners=*/false);
  }
  return x.contiguous(torch::MemoryFormat::ChannelsLast);
}

}  // namespace

void TeacherNetworks::add(const std::filesystem::path& folder, const torch::Device& device) {
  const network::Checkpoint checkpoint = network::read_checkpoint(folder);
  auto module = load_module(checkpoint);
  module->to(device);
  module->eval();
  module->prepare_inference();
  teachers_.push_back({checkpoint.preprocessing, std::move(module)});
}

torch::Tensor TeacherNetworks::probabilities(const torch::Tensor& pictures,
                                             const core::Preprocessing& student) const {
  const torch::NoGradGuard no_grad;
  torch::Tensor logits;
  for (const Teacher& teacher : teachers_) {
    const torch::Tensor seen = translate(pictures, student, teacher.preprocessing);
    const torch::Tensor shows = teacher.module->infer(seen).flatten(1).select(1, 1);
    const torch::Tensor logit = torch::logit(shows, kLeastProbability);
    logits = logits.defined() ? logits + logit : logit;
  }
  if (!logits.defined()) return {};
  return torch::sigmoid(logits / static_cast<double>(teachers_.size()));
}

}  // namespace coco_mcu::training
