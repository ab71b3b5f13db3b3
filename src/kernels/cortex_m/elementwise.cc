#include "kernels/cortex_m/cortex_m.h"

namespace coco_mcu::kernels::cortex_m {

void multiply_row(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                  std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.channels);
  const core::Requantization rule = layer.requantization;
  for (std::int32_t column = 0; column < layer.width; ++column) {
    const std::uint8_t* factor =
        by + static_cast<std::size_t>((column + layer.offset) / layer.factor) * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const std::int32_t product = (*x++ - layer.zero_point) * (factor[c] - layer.by_zero_point);
      *out++ = to_code(rule, product, c);
    }
  }
}

void add(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
         std::uint8_t* out) {
  const core::Requantization rule = layer.requantization;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t sum = (x[i] - layer.zero_points[0]) * layer.factors[0] +
                             (y[i] - layer.zero_points[1]) * layer.factors[1];
    out[i] = to_code(rule, sum, 0);
  }
}

}  // namespace coco_mcu::kernels::cortex_m
