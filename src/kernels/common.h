// Kernels that take no time worth an instruction set of their own. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::kernels {

/// One row of nearest upsampling: pixel j of `out` is pixel (j + offset) / factor of `x`.
void upsample_row(const std::uint8_t* x, std::size_t out_width, std::size_t channels,
                  std::int32_t factor, std::int32_t offset, std::uint8_t* out);

/// The channels of two tensors, one behind the other.
struct Concatenation {
  std::int32_t width = 0;
  std::int32_t channels[2] = {0, 0};
  const std::uint8_t* tables[2] = {nullptr, nullptr};  // 256 codes, or null: codes stay as they are
};

/// One row of it.
void concatenate_row(const Concatenation& layer, const std::uint8_t* x, const std::uint8_t* y,
                     std::uint8_t* out);

/// RGB bytes to codes, in place or not: `tables` are three times 256 codes.
void input_codes(const std::uint8_t* tables, const std::uint8_t* rgb, std::size_t pixels,
                 std::uint8_t* out);

/// Probabilities with 1.0 = 32768 of `count` logits; `exponentials` is the layer's table of 256.
void softmax(const std::uint16_t* exponentials, const std::uint8_t* logits, std::size_t count,
             std::uint16_t* probabilities);

}  // namespace coco_mcu::kernels
