// The arithmetic of a fused chain on channels-last floats: z = x * gain + shift, quantization,
// activation, quantization, and the way back. Plain pointers, without libtorch, so that the same
// loops are compiled once for every processor and once for AVX2; both give the same bits.
#pragma once

#include <cstdint>

namespace coco_mcu::training {

/// QuantizationGrid with the inverse of its scale (0 for an empty range).
struct ChainGrid {
  float scale = 0.0F;
  float inverse = 0.0F;
  float low = 0.0F;
  float high = 0.0F;
  double precise_scale = 0.0;  // of the same two ends, without float32's rounding
};

enum class Activation { kNone, kRelu, kHardSwish, kHardSigmoid, kSigmoidPlusOne };

struct ChainFunctions {
  bool quantizes_before = false;
  ChainGrid before;
  Activation activation = Activation::kNone;
  bool quantizes_after = false;
  ChainGrid after;
};

/// One number for each channel, repeated for the pixels of a tile (see tile_pixels_of) and padded
/// with zeros to whole vectors: lets the loops run over long rows whatever the number of channels.
struct ChannelTiles {
  const float* values = nullptr;
  std::int64_t picture_stride = 0;  // 0: the same for all pictures
};

/// Pictures one after the other: x is [pictures, pixels, channels].
struct ChainInput {
  const float* x = nullptr;
  std::int64_t pixels = 0;  // of one picture
  std::int64_t channels = 0;
  std::int64_t tile_pixels = 0;
  ChannelTiles gain;
  ChannelTiles shift;
};

struct PictureRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Sums over one quantizer's input v with gradient dy of its output: of dy * (round(u) - u) where v
/// lies inside of the range (u = (v - low) / scale), of dy where it lies above and where below.
struct RangeSums {
  double inside = 0.0;
  double above = 0.0;
  double below = 0.0;
};

struct ChainRangeSums {
  RangeSums before;
  RangeSums after;
};

/// All results are written for the pictures of the range only. `scratch` holds 2 tiles; `sums` is
/// [pictures, 2, channels].
struct ChainLoops {
  /// sums of x and of x * x
  void (*statistics)(const ChainInput& input, PictureRange range, float* scratch, double* sums);
  void (*forward)(const ChainInput& input, const ChainFunctions& functions, PictureRange range,
                  float* y);
  /// sums of dz and of dz * x; `range_sums` has one entry for each picture, or is null where
  /// nobody asks
  void (*backward_sums)(const ChainInput& input, const ChainFunctions& functions, const float* dy,
                        PictureRange range, float* scratch, double* sums,
                        ChainRangeSums* range_sums);
  /// dx = gain * dz + by_x * x + constant
  void (*backward_input)(const ChainInput& input, const ChainFunctions& functions, const float* dy,
                         const ChannelTiles& by_x, const ChannelTiles& constant, PictureRange range,
                         float* dx);
};

/// Pixels of a tile: enough for a long row, and whole vectors where a picture is large enough.
std::int64_t tile_pixels_of(std::int64_t pixels, std::int64_t channels);

/// Floats of a tile, padded to whole vectors.
std::int64_t tile_floats_of(std::int64_t tile_pixels, std::int64_t channels);

const ChainLoops& portable_chain_loops();

/// The fastest loops that this processor can run.
const ChainLoops& chain_loops();

}  // namespace coco_mcu::training
