// One tensor of a float checkpoint, and how messages print its shape.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace coco_mcu::network {

struct Tensor {
  std::vector<std::int64_t> shape;  // PyTorch's order; empty for a single number
  std::vector<float> values;        // the last dimension runs fastest

  bool operator==(const Tensor&) const = default;
};

/// A tensor that is yet to be filled, or looked for.
struct NamedShape {
  std::string name;
  std::vector<std::int64_t> shape;

  bool operator==(const NamedShape&) const = default;
};

/// By name: "bneck4.expand.conv.weight". Names are UTF-8.
using Tensors = std::map<std::string, Tensor, std::less<>>;

/// The product of the dimensions; nothing where one is negative or the product exceeds 2^40.
std::optional<std::int64_t> element_count(std::span<const std::int64_t> shape);

/// "[256, 32, 1, 1]"
std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace coco_mcu::network
