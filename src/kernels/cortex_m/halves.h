// Sums of weights of 4 and 8 bits, two products in one SMLAD. Freestanding.
//
// Weights are widened to 16 bits in the order of the codes of a LaneGroup (lanes.h): rows of two
// output channels stand side by side as codes of two pixels do.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::kernels::cortex_m {

/// What one call works on: two pixels at a time, two output channels. The assembler knows the order
/// of the fields.
struct HalvesGroup {
  const std::uint32_t* codes;  // as LaneGroup has them; addends are passed over
  const std::uint32_t* codes_end;
  /// Of each quad pair 0 of both channels, then pair 1; behind the quads multiplier and offset of
  /// each channel and what makes limits, see TopHalf.
  const std::uint32_t* weights;
  const std::uint32_t* weights_end;
  std::uint8_t* out;          // of the first pixel; in words where sums are asked for
  std::size_t stride;         // bytes from one pixel's codes to the next's; 0: the first's alone
  std::uint32_t shift;        // how far to the left sums are moved before they are multiplied
  std::uint32_t half_begin;   // 1: quads are 2 more than a multiple of 4
  std::uint32_t makes_codes;  // 0: four sums for each two pixels, of both channels of the first one
};

void sum_halves(const HalvesGroup* group);

/// Two rows of weights of 4 bits, `row_bytes` apart: `groups` times 16 weights of each, then 8 more
/// where `has_half` is 1.
void widen_nibbles(const std::uint8_t* rows, std::size_t row_bytes, std::uint32_t* to,
                   std::size_t groups, std::size_t has_half);

}  // namespace coco_mcu::kernels::cortex_m
