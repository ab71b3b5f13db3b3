// Codes of some pixels, widened to 16 bits in the order that sums are made in (lanes.h): once for
// all output channels. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cortex_m/lanes.h"
#include "kernels/kernels.h"

namespace coco_mcu::kernels::cortex_m {

constexpr std::size_t kMostWeights = 256;  // of one output channel, at once
constexpr std::size_t kMostParts = 2;      // of longer sums
constexpr std::size_t kHalfGroup = 8;      // input channels
constexpr std::size_t kGroup = 16;
constexpr std::size_t kAddends = 4;       // words behind the codes of two pixels
constexpr std::size_t kBlockWords = 528;  // as many as the stack has room for
static_assert(kBlockWords >= kMostParts * (kMostWeights + kAddends));

/// Quads that hold so many weights.
constexpr std::size_t quads_of(std::size_t weights) {
  return (weights + kHalfGroup - 1) / kHalfGroup * (kHalfGroup / kQuad);
}

/// Words of two pixels.
constexpr std::size_t pair_words(std::size_t quads) {
  return quads * kQuad + kAddends;
}

/// Codes less the zero point, nothing added to sums.
Widening plain_widening(std::int32_t zero_point, std::size_t quads);

void copy_codes(const std::uint8_t* x, std::size_t count, std::uint8_t* to);

/// The codes under the window of one output pixel, side by side; padding is the zero point.
void gather(const Convolution& layer, WindowRows rows, std::int32_t out_column,
            std::uint8_t* window);

/// Codes of `count` pixels, `stride` bytes apart, from `x` on; each has as many as `how` says.
void widen(const Widening& how, const std::uint8_t* x, std::size_t stride, std::size_t count,
           std::uint32_t* to);

/// Windows of `count` pixels from `first` on, of at most kMostWeights codes.
void widen_windows(const Convolution& layer, const Widening& how, WindowRows rows,
                   std::size_t first, std::size_t count, std::uint32_t* to);

}  // namespace coco_mcu::kernels::cortex_m
