#include "training/validation.h"

#include <algorithm>
#include <cmath>

#include "dataset/loader.h"
#include "training/training_batch.h"

namespace coco_mcu::training {
namespace {

constexpr int kBatch = 32;

}  // namespace

std::vector<ValidatedPicture> validate(NetworkModule& module, const dataset::PictureSource& source,
                                       const core::Preprocessing& preprocessing, int threads,
                                       const std::function<void(std::int64_t)>& advance) {
  module.eval();
  module.set_mode({});
  module.prepare_inference();
  dataset::Loader loader(source, nullptr,
                         {.preprocessing = preprocessing,
                          .augmentation = std::nullopt,
                          .shuffled = false,
                          .batch_size = std::min(kBatch, static_cast<int>(source.size())),
                          .drop_last = false,
                          .threads = threads});
  const torch::Device device = module.parameters().front().device();
  std::vector<ValidatedPicture> validated;
  loader.start(0);
  while (const auto batch = loader.next()) {
    const torch::InferenceMode inference;
    const torch::Tensor input = training_batch(*batch, preprocessing, device).pictures;
    const torch::Tensor shows =
        module.infer(input).flatten(1).select(1, 1).to(torch::kCPU).contiguous();
    const auto* probabilities = shows.data_ptr<float>();
    for (std::size_t i = 0; i < batch->labels.size(); ++i) {
      if (std::isnan(batch->labels[i])) continue;
      validated.push_back({.label = batch->labels[i] > 0.5F, .probability = probabilities[i]});
    }
    advance(static_cast<std::int64_t>(batch->labels.size()));
  }
  return validated;
}

}  // namespace coco_mcu::training
