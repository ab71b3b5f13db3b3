#include "training/plugin.h"

#include <stdexcept>
#include <string_view>
#include <utility>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "training/checkpoint_loading.h"
#include "training/trainer.h"

namespace coco_mcu::training {
namespace {

using network::NodeId;
using network::Op;

constexpr std::string_view kBeforeQuantizer = ".before_quantizer";

/// The last feature map with a place: what the last global average that sees more than one reads.
NodeId last_feature_map(const network::Network& description) {
  NodeId found = 0;
  for (const network::Node& node : description.nodes) {
    const bool is_pool = node.op == Op::kGlobalAveragePool;
    if (is_pool && description.nodes[node.inputs[0]].output.elements() > node.output.elements()) {
      found = node.inputs[0];
    }
  }
  return found;
}

/// Mean over the channels of the one picture in a batch.
SpatialMap channel_mean(std::string name, const torch::Tensor& x) {
  const torch::Tensor mean = x[0].mean(0).contiguous();
  const auto* values = mean.data_ptr<float>();
  return {std::move(name), static_cast<int>(mean.size(0)), static_cast<int>(mean.size(1)),
          std::vector<float>(values, values + mean.numel())};
}

class TorchFloatNetwork final : public FloatNetwork {
 public:
  TorchFloatNetwork(std::shared_ptr<NetworkModule> module, const core::Preprocessing& preprocessing)
      : module_(std::move(module)), preprocessing_(preprocessing) {
    module_->eval();
    module_->prepare_inference();
    for (torch::Tensor& parameter : module_->parameters()) parameter.set_requires_grad(false);
  }

  const network::Network& description() const override { return module_->description(); }
  const core::Preprocessing& preprocessing() const override { return preprocessing_; }

  std::vector<float> infer(std::span<const std::uint8_t> pictures) const override {
    const torch::InferenceMode inference;
    const torch::Tensor output = module_->infer(input(pictures)).contiguous();
    const auto* values = output.data_ptr<float>();
    return {values, values + output.numel()};
  }

  std::vector<NodeOutput> outputs(std::span<const std::uint8_t> picture,
                                  const std::vector<std::string>& names) const override {
    const torch::NoGradGuard no_grad;
    std::vector<NetworkModule::Observation> wanted;
    wanted.reserve(names.size());
    for (const std::string& name : names) wanted.push_back(observation(name));
    const auto seen = module_->observe(input(picture), wanted);
    std::vector<NodeOutput> result;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const torch::Tensor values = seen[i][0].permute({1, 2, 0}).contiguous();
      const auto* begin = values.data_ptr<float>();
      result.push_back(
          {description().nodes[wanted[i].node].output, {begin, begin + values.numel()}});
    }
    return result;
  }

  Explanation explain(std::span<const std::uint8_t> picture) const override {
    const network::Network& network = description();
    const NodeId features = last_feature_map(network);
    const auto output = static_cast<NodeId>(network.nodes.size()) - 1;
    std::vector<NetworkModule::Observation> wanted = {{features}};
    for (std::size_t id = 0; id < network.nodes.size(); ++id) {
      if (network.nodes[id].op == Op::kSigmoidPlusOne) wanted.push_back({static_cast<NodeId>(id)});
    }
    std::vector<torch::Tensor> seen;
    {
      const torch::NoGradGuard no_grad;
      seen = module_->observe(input(picture), wanted);
    }
    Explanation explanation;
    for (std::size_t i = 1; i < seen.size(); ++i) {
      const std::string& name = network.nodes[wanted[i].node].name;
      explanation.masks.push_back(channel_mean(name.substr(0, name.find('.')), seen[i]));
    }
    const torch::Tensor map = seen[0].detach().requires_grad_();
    const torch::Tensor logits =
        module_->float_tail(map, features, network.nodes[output].inputs[0]).flatten();
    (logits[1] - logits[0]).backward();
    const double channels = network.nodes[features].output.channels;
    explanation.evidence = channel_mean("evidence", map.grad() * map.detach() * channels);
    return explanation;
  }

 private:
  /// Normalized input; also makes the calling thread compute alone, see FloatNetwork.
  torch::Tensor input(std::span<const std::uint8_t> pictures) const {
    at::set_num_threads(1);
    const std::int64_t height = preprocessing_.height;
    const std::int64_t width = preprocessing_.width;
    const auto bytes_per_picture = static_cast<std::size_t>(height * width * 3);
    if (pictures.empty() || pictures.size() % bytes_per_picture != 0) {
      throw std::invalid_argument(
          fmt::format("network {}: {} bytes are no whole pictures of {}x{}x3", description().name,
                      pictures.size(), height, width));
    }
    const auto count = static_cast<std::int64_t>(pictures.size() / bytes_per_picture);
    // from_blob takes no const pointer; normalize only reads.
    auto* bytes = const_cast<std::uint8_t*>(pictures.data());
    return normalize(torch::from_blob(bytes, {count, height, width, 3}, torch::kUInt8),
                     preprocessing_.mean, preprocessing_.deviation);
  }

  NetworkModule::Observation observation(std::string_view name) const {
    const bool before_quantizer = name.ends_with(kBeforeQuantizer);
    if (before_quantizer) name.remove_suffix(kBeforeQuantizer.size());
    const auto node = description().find(name);
    if (!node) {
      throw std::invalid_argument(
          fmt::format("network {}: has no node or block {}", description().name, name));
    }
    return {*node, before_quantizer};
  }

  std::shared_ptr<NetworkModule> module_;
  core::Preprocessing preprocessing_;
};

}  // namespace
}  // namespace coco_mcu::training

extern "C" coco_mcu::training::FloatNetwork* coco_mcu_open_float_checkpoint(
    const std::filesystem::path& folder) {
  using namespace coco_mcu;
  const network::Checkpoint checkpoint = network::read_checkpoint(folder);
  try {
    return new training::TorchFloatNetwork(training::load_module(checkpoint),
                                           checkpoint.preprocessing);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}: {}", folder.string(), error.what()));
  }
}

extern "C" coco_mcu::training::FloatNetwork* coco_mcu_open_float_network(
    const coco_mcu::network::Network& description,
    const coco_mcu::network::Checkpoint& checkpoint) {
  using namespace coco_mcu::training;
  return new TorchFloatNetwork(load_module(description, checkpoint), checkpoint.preprocessing);
}

extern "C" void coco_mcu_train(const coco_mcu::training::TrainingTask& task,
                               coco_mcu::training::TrainingObserver& observer,
                               coco_mcu::training::TrainingResult& result) {
  result = coco_mcu::training::run_training(task, observer);
}
