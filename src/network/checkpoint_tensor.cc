#include "network/checkpoint_tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace coco_mcu::network {

std::optional<std::int64_t> element_count(std::span<const std::int64_t> shape) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t elements = 1;
  bool empty = false;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (dimension == 0) {
      empty = true;
    } else if (elements > kMost / dimension) {
      return std::nullopt;
    } else {
      elements *= dimension;
    }
  }
  return empty ? 0 : elements;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace coco_mcu::network
