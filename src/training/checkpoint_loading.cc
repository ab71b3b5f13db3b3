#include "training/checkpoint_loading.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::training {
namespace {

void assign(const std::string& name, const network::Tensors& tensors, const torch::Tensor& target) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw std::runtime_error(
        fmt::format("checkpoint lacks {}; import or train it with the quantization policy "
                    "that its description names",
                    name));
  }
  const network::Tensor& source = found->second;
  if (!target.sizes().equals(source.shape)) {
    throw std::runtime_error(fmt::format(
        "checkpoint tensor {} has shape {}, the network needs {}; is it the checkpoint of another "
        "network?",
        name, network::shape_text(source.shape), network::shape_text(target.sizes().vec())));
  }
  const torch::Tensor values = torch::empty(source.shape);
  std::ranges::copy(source.values, values.data_ptr<float>());
  target.copy_(values);
}

network::Tensor tensor_of(const torch::Tensor& from) {
  const torch::Tensor values = from.detach().to(torch::kCPU).contiguous();
  const auto* begin = values.data_ptr<float>();
  return {values.sizes().vec(), {begin, begin + values.numel()}};
}

}  // namespace

std::shared_ptr<NetworkModule> load_module(const network::Checkpoint& checkpoint) {
  return load_module(network::network_of(checkpoint), checkpoint);
}

std::shared_ptr<NetworkModule> load_module(network::Network description,
                                           const network::Checkpoint& checkpoint) {
  network::check_fits(checkpoint, description);
  auto module = std::make_shared<NetworkModule>(std::move(description), checkpoint.quantizers);
  const torch::NoGradGuard no_grad;
  for (const auto& each : module->named_parameters()) {
    assign(each.key(), checkpoint.tensors, each.value());
  }
  for (const auto& each : module->named_buffers()) {
    assign(each.key(), checkpoint.tensors, each.value());
  }
  return module;
}

network::Tensors state_of(const NetworkModule& module) {
  network::Tensors tensors;
  for (const auto& each : module.named_parameters()) tensors[each.key()] = tensor_of(each.value());
  for (const auto& each : module.named_buffers()) tensors[each.key()] = tensor_of(each.value());
  return tensors;
}

}  // namespace coco_mcu::training
