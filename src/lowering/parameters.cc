#include "lowering/parameters.h"

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::lowering {

const std::vector<float>& parameter(const network::Tensors& tensors, const network::Node& node,
                                    std::string_view part) {
  const auto found = tensors.find(fmt::format("{}.{}", node.name, part));
  if (found == tensors.end()) {
    throw std::invalid_argument(
        fmt::format("layer {} ({}): its tensor {}.{} is missing; give the whole checkpoint",
                    node.name, network::op_name(node.op), node.name, part));
  }
  return found->second.values;
}

std::vector<float>& parameter(network::Tensors& tensors, const network::Node& node,
                              std::string_view part) {
  return const_cast<std::vector<float>&>(parameter(std::as_const(tensors), node, part));
}

std::vector<Affine> batch_norm_affine(const network::Tensors& tensors, const network::Node& node) {
  const auto& weight = parameter(tensors, node, "weight");
  const auto& bias = parameter(tensors, node, "bias");
  const auto& mean = parameter(tensors, node, "running_mean");
  const auto& variance = parameter(tensors, node, "running_var");
  std::vector<Affine> affine(weight.size());
  for (std::size_t c = 0; c < affine.size(); ++c) {
    affine[c].factor = weight[c] / std::sqrt(double{variance[c]} + network::kBatchNormEpsilon);
    affine[c].addend = bias[c] - mean[c] * affine[c].factor;
  }
  return affine;
}

}  // namespace coco_mcu::lowering
