// The interface of all kernels: integer arithmetic on rows (docs/arithmetic.md). `reference/` is
// the specification; the folders of instruction sets are speed and give the same bits.
// Freestanding.
//
// A row is width x channels codes, channels innermost, at any alignment. Rows are taken one by one,
// so that a streaming engine can use the same kernels with line buffers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/requantize.h"
#include "core/weight_format.h"

namespace coco_mcu::kernels {

/// Rows that a window reads, from top to bottom; null stands for a row of padding.
using WindowRows = const std::uint8_t* const*;

/// Scratch begins at a multiple of this many bytes.
constexpr std::size_t kScratchAlignment = 64;

/// A convolution or a depthwise convolution (then in_channels == out_channels). A 1x1 convolution
/// with stride 1 may be called with several rows as one: width is then their number of pixels.
struct Convolution {
  std::int32_t in_width = 0;
  std::int32_t in_channels = 0;
  std::int32_t out_width = 0;
  std::int32_t out_channels = 0;
  std::int32_t kernel = 1;
  std::int32_t stride = 1;
  std::int32_t padding = 0;
  /// Of the input: sums are those of (code - zero_point) * weight, and padding adds nothing. One of
  /// 0..255 where there is padding.
  std::int32_t zero_point = 0;
  core::WeightFormat format = core::WeightFormat::kSigned8;
  const std::uint8_t* weights = nullptr;  // packed rows, see core/weight_format.h
  core::Requantization requantization;

  /// Weights of one output channel of a convolution (a depthwise one has kernel * kernel).
  constexpr std::size_t window_weights() const {
    return std::size_t{1} * static_cast<std::size_t>(kernel) * static_cast<std::size_t>(kernel) *
           static_cast<std::size_t>(in_channels);
  }
};

/// One way to carry out a convolution. `prepare` unpacks the weights into scratch once; then `row`
/// makes one output row from `kernel` input rows, as often as there are rows.
struct ConvolutionKernel {
  const char* name;  // "pointwise_2w8a_avx2"
  std::size_t (*scratch_bytes)(const Convolution& layer);
  void (*prepare)(const Convolution& layer, std::uint8_t* scratch);
  void (*row)(const Convolution& layer, std::uint8_t* scratch, WindowRows rows, std::uint8_t* out);
  bool is_reference = false;
};

/// For kernels that work on the stack, and for those that prepare nothing.
inline std::size_t no_scratch(const Convolution& /*layer*/) {
  return 0;
}
inline void no_preparation(const Convolution& /*layer*/, std::uint8_t* /*scratch*/) {}

struct Multiply {
  std::int32_t width = 0;
  std::int32_t channels = 0;
  std::int32_t zero_point = 0;     // of the first operand
  std::int32_t by_zero_point = 0;  // of the second
  std::int32_t factor = 1;         // column j meets column (j + offset) / factor of the second
  std::int32_t offset = 0;
  core::Requantization requantization;
};

struct Add {
  std::int16_t factors[2] = {1, 1};
  std::int32_t zero_points[2] = {0, 0};
  core::Requantization requantization;
};

struct MaxPool {
  std::int32_t in_width = 0;
  std::int32_t out_width = 0;
  std::int32_t channels = 0;
  std::int32_t kernel = 1;
  std::int32_t stride = 1;
};

/// The kernels of one instruction set. What a set does not speed up is the reference's. Fields are
/// null only for operations that a program's models do not use (core/uses.h).
struct Backend {
  const char* name;        // "reference", "avx2", "avx512_vnni"
  bool (*is_supported)();  // by the processor this runs on

  const ConvolutionKernel& (*convolution)(const Convolution& layer);
  const ConvolutionKernel& (*depthwise)(const Convolution& layer);

  /// out may be x.
  void (*multiply_row)(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                       std::uint8_t* out);
  /// out may be x or y.
  void (*add)(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
              std::uint8_t* out);
  /// Adds the codes of `pixels` pixels to one sum for each channel.
  void (*sum_pixels)(const std::uint8_t* x, std::size_t pixels, std::size_t channels,
                     std::int32_t* sums);
  void (*max_pool_row)(const MaxPool& layer, WindowRows rows, std::uint8_t* out);
  /// out may be x.
  void (*lookup)(const std::uint8_t* table, const std::uint8_t* x, std::size_t count,
                 std::uint8_t* out);
};

extern const Backend kReferenceBackend;

/// Null-terminated, the fastest first, kReferenceBackend last; those not supported here included.
extern const Backend* const kBackends[];

/// The first supported one.
const Backend& best_backend();

}  // namespace coco_mcu::kernels
