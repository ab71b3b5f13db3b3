// Kernels for Arm cores with vectors of 16 bytes (Helium, the MVE of Armv8.1-M; Cortex-M55). They
// unpack weights and codes onto the stack and need no scratch. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include <arm_mve.h>

#include "kernels/kernels.h"

namespace coco_mcu::kernels::helium {

const ConvolutionKernel& convolution(const Convolution& layer);
const ConvolutionKernel& depthwise(const Convolution& layer);
void multiply_row(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                  std::uint8_t* out);
void add(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
         std::uint8_t* out);
void sum_pixels(const std::uint8_t* x, std::size_t pixels, std::size_t channels,
                std::int32_t* sums);
void max_pool_row(const MaxPool& layer, WindowRows rows, std::uint8_t* out);
void lookup(const std::uint8_t* table, const std::uint8_t* x, std::size_t count, std::uint8_t* out);

/// A layer's limits and table on codes of 0..255, in place.
void finish_codes(const core::Requantization& rule, std::uint8_t* codes, std::size_t count);

/// Codes less 128, as signed numbers.
inline int8x16_t less_128(uint8x16_t codes) {
  return vreinterpretq_s8_u8(veorq_u8(codes, vdupq_n_u8(0x80)));
}

}  // namespace coco_mcu::kernels::helium
