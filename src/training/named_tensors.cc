#include "training/named_tensors.h"

#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::training {
namespace {

network::Tensor saved_tensor(const torch::Tensor& from) {
  const torch::Tensor values = from.detach().to(torch::kCPU, torch::kFloat).contiguous();
  const auto* begin = values.data_ptr<float>();
  return {values.sizes().vec(), {begin, begin + values.numel()}};
}

void assign(const network::Tensor& source, const torch::Tensor& target) {
  const torch::NoGradGuard no_grad;
  // from_blob takes no const pointer; copy_ only reads.
  auto* values = const_cast<float*>(source.values.data());
  target.copy_(torch::from_blob(values, source.shape, torch::kFloat));
}

}  // namespace

NamedTensors tensors_of(const NetworkModule& module) {
  NamedTensors tensors;
  for (const auto& each : module.named_parameters()) {
    tensors.emplace_back(each.key(), each.value().detach());
  }
  for (const auto& each : module.named_buffers()) tensors.emplace_back(each.key(), each.value());
  return tensors;
}

void save(const std::string& part, const NamedTensors& tensors, network::Tensors& saved) {
  for (const auto& [name, tensor] : tensors) saved[part + "/" + name] = saved_tensor(tensor);
}

void restore(const std::string& part, const network::Tensors& saved, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) {
    const auto found = saved.find(part + "/" + name);
    if (found == saved.end() || !tensor.sizes().equals(found->second.shape)) {
      throw std::runtime_error(fmt::format(
          "saved state: {}/{} is missing or has another shape; was the run made by another version "
          "of coco-mcu? start a new run",
          part, name));
    }
    assign(found->second, tensor);
  }
}

void copy_shared(const network::Tensors& from, const NamedTensors& to) {
  for (const auto& [name, tensor] : to) {
    const auto found = from.find(name);
    if (found != from.end() && tensor.sizes().equals(found->second.shape)) {
      assign(found->second, tensor);
    }
  }
}

}  // namespace coco_mcu::training
