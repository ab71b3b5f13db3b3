#include "kernels/reference/reference.h"

namespace coco_mcu::kernels::reference {

void multiply_row(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                  std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.channels);
  for (std::int32_t column = 0; column < layer.width; ++column) {
    const auto pixel = static_cast<std::size_t>(column) * channels;
    const auto by_pixel =
        static_cast<std::size_t>((column + layer.offset) / layer.factor) * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const std::int32_t product =
          (x[pixel + c] - layer.zero_point) * (by[by_pixel + c] - layer.by_zero_point);
      out[pixel + c] = core::requantize(layer.requantization, product, c);
    }
  }
}

void add(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
         std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t sum = (x[i] - layer.zero_points[0]) * layer.factors[0] +
                             (y[i] - layer.zero_points[1]) * layer.factors[1];
    out[i] = core::requantize(layer.requantization, sum, 0);
  }
}

void sum_pixels(const std::uint8_t* x, std::size_t pixels, std::size_t channels,
                std::int32_t* sums) {
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    for (std::size_t c = 0; c < channels; ++c) sums[c] += x[pixel * channels + c];
  }
}

void max_pool_row(const MaxPool& layer, WindowRows rows, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.channels);
  for (std::int32_t column = 0; column < layer.out_width; ++column) {
    for (std::size_t c = 0; c < channels; ++c) {
      std::uint8_t largest = 0;
      for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
        for (std::int32_t kx = 0; kx < layer.kernel; ++kx) {
          const auto at = static_cast<std::size_t>(column * layer.stride + kx) * channels + c;
          if (rows[ky][at] > largest) largest = rows[ky][at];
        }
      }
      out[static_cast<std::size_t>(column) * channels + c] = largest;
    }
  }
}

void lookup(const std::uint8_t* table, const std::uint8_t* x, std::size_t count,
            std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = table[x[i]];
}

}  // namespace coco_mcu::kernels::reference
