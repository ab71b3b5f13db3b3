// Depthwise sums of weights of 4 and 8 bits: of a word, the codes of two channels meet their
// weights of 16 bits. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::kernels::cortex_m {

/// What one call works on: four channels at some output columns. The assembler knows the order of
/// the fields.
struct TapStrip {
  const std::uint32_t* codes;      // of a Strip
  const std::uint32_t* codes_end;  // where the window behind the last one begins
  /// For each word of a window four, of channels 0, 2, 1, 3; behind them what TopHalf
  /// finds for them.
  const std::int16_t* weights;
  const std::int16_t* last_weights;  // of the window's last word
  std::uint8_t* out;                 // in words where sums are asked for
  std::size_t out_stride;            // bytes from one output to the next
  std::size_t back;                  // bytes from a window's end to the next one's beginning
  std::uint32_t zero;                // minus the zero point, twice
  std::uint32_t shift;        // how far to the left sums are moved before they are multiplied
  std::uint32_t makes_codes;  // 0: four sums for each output, of channels 0, 2, 1, 3
};

/// Codes of windows of 4 n + 1 words to `out`.
void sum_taps(const TapStrip* strip);

}  // namespace coco_mcu::kernels::cortex_m
