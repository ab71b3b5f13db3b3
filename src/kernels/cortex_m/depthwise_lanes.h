// Depthwise sums of 2-bit weights, two products in one MLA. Freestanding.
//
// A register carries the sums of two neighbouring output columns of one channel, 16 bits each: what
// stands under a column of the input is multiplied with the weight that the left output has there
// and, from bit 16 on, the right one's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::kernels::cortex_m {

/// What one call works on: four channels, `pairs` times two output columns. The assembler knows the
/// order of the fields.
struct ColumnPairs {
  const std::uint8_t* const* rows;  // of the window, null behind the last one
  /// Four sums to begin with; for each row and column four weights; what TopHalf
  /// finds for four channels.
  const std::uint32_t* weights;
  std::uint8_t* out;          // in words where sums are asked for: four for each pair
  std::size_t out_stride;     // bytes from the left output to the right one; 0: the left one alone
  std::size_t column_stride;  // bytes from one column of the input to the next
  std::size_t offset;         // of the first column in each row
  std::size_t advance;        // bytes of input from pair to pair
  std::size_t pairs;
  std::size_t out_advance;    // bytes of output from pair to pair
  std::uint32_t makes_codes;  // 1: codes of 0..255; 0: sums
};

/// Columns under two outputs.
constexpr int kFewestColumns = 4;
constexpr int kMostColumns = 7;

/// How far to the left a sum stands when it is multiplied.
constexpr int column_shift(int columns) {
  return columns <= 5 ? 18 : 16;
}

/// Carries it out for windows of so many columns.
void sum_columns(int columns, const ColumnPairs* pairs);

}  // namespace coco_mcu::kernels::cortex_m
