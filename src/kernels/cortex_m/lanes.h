// Sums of 2-bit weights, four products in one SMLAD. Freestanding.
//
// A number of 16 bits carries the codes of two output channels' weights for one input channel:
// channel A's code as it is in the lowest bits, channel B's less two from bit 14 on. A sum of
// products then carries both channels' sums, the lower one in 14 bits. The lower one is taken out
// before it can overflow: after a chunk of input channels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace coco_mcu::kernels::cortex_m {

/// Channel pairs come in fours of input channels: pairs (i, i + 8) of 16 channels, or (i, i + 4) of
/// the last 8, even i first.
constexpr std::size_t kQuad = 4;

/// Of a chunk: the lower sum stays below 2^14. `step` is the format's, see core::weight_step.
constexpr std::size_t full_quads(int step) {
  return step == 1 ? 8 : 5;
}

/// What one call of sum_group works on: two pixels at a time, four output channels. The assembler
/// knows the order of the fields.
struct LaneGroup {
  /// For each two pixels: of each quad the codes less the zero point, pair 0 of both pixels, then
  /// pair 1; behind the quads four addends: of channel A and B for the first pixel and the second.
  const std::uint32_t* codes;
  const std::uint32_t* codes_end;
  /// Of each quad pair 0 of channels (0, 2) and (1, 3), then pair 1; behind the quads
  /// what TopHalf finds for four channels.
  const std::uint32_t* weights;
  const std::uint32_t* weights_end;
  std::uint8_t* out;           // of the first pixel; in words where sums are asked for
  std::size_t stride;          // bytes from one pixel's codes to the next's; 0: the first's alone
  std::uint32_t lane_start;    // keeps a chunk's lower sum positive
  std::uintptr_t first_chunk;  // where the unrolled code is entered, see chunk_entry
  std::uintptr_t full_chunk;
  std::uintptr_t finish;  // see finish_entry
  std::uint32_t shift;    // how far to the left sums of many chunks are moved
};

/// How far sums of a single chunk are moved.
constexpr int kOneChunkShift = 18;

/// The lowest bits and bits 14 and 15 of both halves: where a word has two input channels' codes.
constexpr std::uint32_t kLanes = 0xC003C003U;

/// Weights of four output channels, `row_bytes` from row to row: of `groups` times 16 input
/// channels, one at least, as LaneGroup has them.
void expand_groups(const std::uint8_t* rows, std::size_t row_bytes, std::uint32_t* to,
                   std::size_t groups);

enum class Chunk : std::uint8_t { kOnly, kFirst, kFurther };

/// Where a chunk of so many quads begins.
std::uintptr_t chunk_entry(Chunk chunk, std::size_t quads);
/// Codes of 0..255 to `out`, or eight words for each two pixels: the sums of channels 2 and 3 of
/// the first pixel and the second, then those of channels 0 and 1.
std::uintptr_t finish_entry(bool is_only_chunk, bool makes_codes);

/// What one call of widen_pixels works on. The assembler knows the order of the fields.
struct Widening {
  const std::uint8_t* x = nullptr;  // of the first pixel
  std::size_t stride = 0;           // bytes from pixel to pixel
  std::size_t pairs = 0;            // of pixels
  std::uint32_t* to = nullptr;      // as LaneGroup has codes
  std::uint32_t zero = 0;           // minus the zero point, twice
  std::size_t groups = 0;           // of 16 codes of each pixel
  std::size_t has_half = 0;         // 1: 8 more
  /// With s the sum of a pixel's codes less `zeros`: addends are (origin * s - starts) << shift for
  /// channel A and s << shift for channel B.
  std::int32_t zeros = 0;
  std::int32_t origin = 0;
  std::int32_t starts = 0;
  std::int32_t shift = 0;
};

/// Codes of 8 bits to pairs of 16, less the zero point, and addends.
void widen_pixels(const Widening* widening);

void sum_one_chunk(const LaneGroup* group);
void sum_many_chunks(const LaneGroup* group);

}  // namespace coco_mcu::kernels::cortex_m
