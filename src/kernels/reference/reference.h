// The specification of every kernel: docs/arithmetic.md in code, as plainly as it can be written.
// Freestanding.
#pragma once

#include "kernels/kernels.h"

namespace coco_mcu::kernels::reference {

extern const ConvolutionKernel kConvolution;
extern const ConvolutionKernel kDepthwise;

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

}  // namespace coco_mcu::kernels::reference
