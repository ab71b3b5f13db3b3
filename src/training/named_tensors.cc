#include "training/named_tensors.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::training {
namespace {

constexpr std::int64_t kKernelDimensions = 4;

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

int copy_overlap(const network::Tensors& from, const NamedTensors& to) {
  const torch::NoGradGuard no_grad;
  int changed = 0;
  for (const auto& [name, target] : to) {
    const auto found = from.find(name);
    if (found == from.end()) continue;
    const std::vector<std::int64_t>& shape = found->second.shape;
    const auto dimensions = static_cast<std::int64_t>(shape.size());
    if (dimensions != target.dim()) continue;
    torch::Tensor source = torch::empty(shape);
    assign(found->second, source);
    torch::Tensor part = target;
    for (std::int64_t i = 0; i < dimensions; ++i) {
      const std::int64_t shared = std::min(source.size(i), target.size(i));
      source = source.narrow(i, 0, shared);
      part = part.narrow(i, 0, shared);
      if (i == 0 && dimensions == kKernelDimensions) part.zero_();
    }
    part.copy_(source);
    if (!target.sizes().equals(shape)) ++changed;
  }
  return changed;
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
