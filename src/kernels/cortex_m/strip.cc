#include "kernels/cortex_m/strip.h"

#include <algorithm>

namespace coco_mcu::kernels::cortex_m {
namespace {

/// Words of some rows at columns `stride` bytes apart, side by side in `kKernel` words for each
/// column. The rows end at `rows`; `left` is the bytes before that, negative.
template <int kKernel>
void copy_three_rows(const std::uint8_t* const (&rows)[3], std::int32_t left, std::size_t stride,
                     std::uint32_t* to) {
  std::uint32_t word[3];
  asm volatile(
      "0:\n"
      "ldr %[u], [%[x], %[left]]\n"
      "ldr %[v], [%[y], %[left]]\n"
      "ldr %[w], [%[z], %[left]]\n"
      "adds %[left], %[left], %[stride]\n"
      "strd %[u], %[v], [%[to]], %[column]\n"
      "str %[w], [%[to], %[third]]\n"
      "bne 0b\n"
      : [left] "+r"(left), [to] "+r"(to), [u] "=&r"(word[0]), [v] "=&r"(word[1]), [w] "=&r"(word[2])
      : [x] "r"(rows[0]), [y] "r"(rows[1]), [z] "r"(rows[2]), [stride] "r"(stride),
        [column] "i"(4 * kKernel), [third] "i"(8 - 4 * kKernel)
      : "cc", "memory");
}
template <int kKernel>
void copy_two_rows(const std::uint8_t* const (&rows)[2], std::int32_t left, std::size_t stride,
                   std::uint32_t* to) {
  std::uint32_t word[2];
  asm volatile(
      "0:\n"
      "ldr %[u], [%[x], %[left]]\n"
      "ldr %[v], [%[y], %[left]]\n"
      "adds %[left], %[left], %[stride]\n"
      "strd %[u], %[v], [%[to]], %[column]\n"
      "bne 0b\n"
      : [left] "+r"(left), [to] "+r"(to), [u] "=&r"(word[0]), [v] "=&r"(word[1])
      : [x] "r"(rows[0]), [y] "r"(rows[1]), [stride] "r"(stride), [column] "i"(4 * kKernel)
      : "cc", "memory");
}

}  // namespace

Strip::Strip(const Convolution& layer, WindowRows rows, std::int32_t column, std::int32_t count)
    : layer_(layer),
      padding_((static_cast<std::uint32_t>(layer.zero_point) & 0xFFU) * 0x01010101U) {
  const std::int32_t left = column * layer.stride - layer.padding;
  const std::int32_t columns = (count - 1) * layer.stride + layer.kernel;
  const std::int32_t from = std::clamp<std::int32_t>(-left, 0, columns);
  const std::int32_t to = std::clamp<std::int32_t>(layer.in_width - left, from, columns);
  inner_ = words + from * layer.kernel;
  inner_end_ = words + to * layer.kernel;
  std::fill(words, inner_, padding_);
  std::fill(inner_end_, words + columns * layer.kernel, padding_);
  bytes_ = (from - to) * layer.in_channels;
  const std::uint8_t* some_row = nullptr;
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    is_padding_[ky] = rows[ky] == nullptr;
    if (!is_padding_[ky]) some_row = rows[ky];
  }
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
    // A row of padding is written over after another one has been copied.
    ends_[ky] = (is_padding_[ky] ? some_row : rows[ky]) + (left + to) * layer.in_channels;
  }
}

void Strip::load(std::size_t channel) {
  if (inner_ == inner_end_) return;
  const auto stride = static_cast<std::size_t>(layer_.in_channels);
  const std::uint8_t* const three[3] = {ends_[0] + channel, ends_[1] + channel, ends_[2] + channel};
  if (layer_.kernel == 3) {
    copy_three_rows<3>(three, bytes_, stride, inner_);
  } else {
    copy_three_rows<5>(three, bytes_, stride, inner_);
    copy_two_rows<5>({ends_[3] + channel, ends_[4] + channel}, bytes_, stride, inner_ + 3);
  }
  for (std::int32_t ky = 0; ky < layer_.kernel; ++ky) {
    if (!is_padding_[ky]) continue;
    for (std::uint32_t* word = inner_ + ky; word < inner_end_; word += layer_.kernel) {
      *word = padding_;
    }
  }
}

}  // namespace coco_mcu::kernels::cortex_m
