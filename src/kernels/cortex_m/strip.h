// What the windows of a depthwise convolution read, four channels at a time. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace coco_mcu::kernels::cortex_m {

/// Of the windows' sides, 3 or 5.
constexpr int kMostKernel = 5;

/// Four channels of a layer's input under some windows of a row, column by column: for each column
/// as many words as windows have rows, from top to bottom, padding included.
class Strip {
 public:
  /// Output columns from `column` on, `count` of them, at most most_columns.
  Strip(const Convolution& layer, WindowRows rows, std::int32_t column, std::int32_t count);

  static std::int32_t most_columns(const Convolution& layer) {
    return (kWords / layer.kernel - layer.kernel) / layer.stride + 1;
  }

  /// Four channels from `channel` on.
  void load(std::size_t channel);

 private:
  static constexpr std::int32_t kWords = 330;  // 110 columns of three rows

 public:
  std::uint32_t words[kWords];

 private:
  const Convolution& layer_;
  std::uint32_t padding_;
  std::uint32_t* inner_;  // what is not padding
  std::uint32_t* inner_end_;
  std::int32_t bytes_;  // of the input's rows from there to there, negative
  const std::uint8_t* ends_[kMostKernel];
  bool is_padding_[kMostKernel];
};

}  // namespace coco_mcu::kernels::cortex_m
