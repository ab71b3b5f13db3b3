// Zeros around a tensor, as other people's formats count them.
#pragma once

#include <algorithm>

namespace coco_mcu::exchange {

/// Zeros behind a side of `size` that the last of `count` windows reaches into, of a convolution of
/// a float or an integer network.
template <typename Convolution>
int padding_behind(const Convolution& from, int size, int count) {
  return std::max((count - 1) * from.stride - from.padding + from.kernel - size, 0);
}

/// Zeros in front of a side of `size` where TensorFlow's padding "same" makes `count` windows of
/// it. It puts the odd one behind.
inline int same_padding(int size, int count, int stride, int kernel) {
  return std::max((count - 1) * stride + kernel - size, 0) / 2;
}

/// Windows along a side of `size`: with padding "same" as many as strides, else those that fit.
inline int window_count(int size, int stride, int kernel, bool is_same) {
  if (is_same) return (size + stride - 1) / stride;
  return size < kernel ? 0 : (size - kernel) / stride + 1;
}

}  // namespace coco_mcu::exchange
