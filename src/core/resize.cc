#include "core/resize.h"

#include <algorithm>
#include <cstring>

namespace coco_mcu::core {
namespace {

// Pixels that are blended together: enough to fill vector registers, little enough for the stack
// of a microcontroller (1,536 bytes with three channels).
constexpr int kBlockPixels = 64;
constexpr int kMaxChannels = 3;
constexpr int kBlockValues = kBlockPixels * kMaxChannels;

// The four neighbours of each value of a block and the weight of the right ones, side by side: the
// scattered reads are done with, the arithmetic runs over plain arrays. One value of slack each,
// for copying a pixel of three values as four.
struct Block {
  std::uint8_t top_left[kBlockValues + 1];
  std::uint8_t top_right[kBlockValues + 1];
  std::uint8_t bottom_left[kBlockValues + 1];
  std::uint8_t bottom_right[kBlockValues + 1];
  float weight[kBlockValues + 1];
};

// Copies the neighbours of pixel `to` of the block. `kCopied` values are copied instead of
// `kChannels`: the pixel after it overwrites the one too many.
template <int kChannels, int kCopied>
void gather_pixel(const std::uint8_t* top, const std::uint8_t* bottom, const Tap& tap, int to,
                  Block& block) {
  const std::ptrdiff_t left = std::ptrdiff_t{tap.lower} * kChannels;
  const std::ptrdiff_t right = std::ptrdiff_t{tap.upper} * kChannels;
  std::memcpy(block.top_left + to * kChannels, top + left, kCopied);
  std::memcpy(block.top_right + to * kChannels, top + right, kCopied);
  std::memcpy(block.bottom_left + to * kChannels, bottom + left, kCopied);
  std::memcpy(block.bottom_right + to * kChannels, bottom + right, kCopied);
  for (int i = 0; i < kCopied; ++i) block.weight[to * kChannels + i] = tap.weight;
}

// `last` is the last source column that may be read. Every pixel of three values before it is
// followed by a byte of its row, and four bytes are copied faster than three.
template <int kChannels>
void gather(const std::uint8_t* top, const std::uint8_t* bottom, std::span<const Tap> columns,
            std::int32_t last, Block& block) {
  constexpr int kCopied = kChannels == 3 ? 4 : kChannels;
  int to = 0;
  for (const Tap& tap : columns) {
    if (tap.upper < last) {
      gather_pixel<kChannels, kCopied>(top, bottom, tap, to, block);
    } else {
      gather_pixel<kChannels, kChannels>(top, bottom, tap, to, block);
    }
    ++to;
  }
}

// Rounding is monotone, so the horizontal blends lie between their ends, within 0..255. The
// vertical one may pass its end by less than 2^-15; whatever it is, the integer part of the sum
// with `rounding` (0 or 0.5) lies within 0..255 and needs no clamping.
void blend(const Block& block, int values, float weight, float rounding, std::uint8_t* target) {
  for (int i = 0; i < values; ++i) {
    const float top_left = block.top_left[i];
    const float top_right = block.top_right[i];
    const float bottom_left = block.bottom_left[i];
    const float bottom_right = block.bottom_right[i];
    const float top = top_left + (top_right - top_left) * block.weight[i];
    const float bottom = bottom_left + (bottom_right - bottom_left) * block.weight[i];
    const float value = top + (bottom - top) * weight;
    target[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(value + rounding));
  }
}

}  // namespace

Tap resize_tap(Resize method, std::int32_t target, std::int32_t source_size,
               std::int32_t target_size) {
  const float scale = static_cast<float>(source_size) / static_cast<float>(target_size);
  const float position = method == Resize::kLegacyBilinear
                             ? static_cast<float>(target) * scale
                             : std::max((static_cast<float>(target) + 0.5F) * scale - 0.5F, 0.0F);
  Tap tap;
  tap.lower = std::min(static_cast<std::int32_t>(position), source_size - 1);
  tap.upper = std::min(tap.lower + 1, source_size - 1);
  tap.weight = position - static_cast<float>(tap.lower);
  return tap;
}

void resize_columns(Resize method, std::int32_t source_width, std::span<Tap> columns) {
  const auto target_width = static_cast<std::int32_t>(columns.size());
  for (std::int32_t x = 0; x < target_width; ++x) {
    columns[x] = resize_tap(method, x, source_width, target_width);
  }
}

void resize_row(Resize method, int channels, const std::uint8_t* top, const std::uint8_t* bottom,
                float weight, std::span<const Tap> columns, std::uint8_t* target) {
  const float rounding = method == Resize::kLegacyBilinear ? 0.0F : 0.5F;
  const std::int32_t last = columns.empty() ? 0 : columns.back().upper;
  Block block;
  while (!columns.empty()) {
    const auto now = columns.first(std::min<std::size_t>(columns.size(), kBlockPixels));
    if (channels == 3) {
      gather<3>(top, bottom, now, last, block);
    } else {
      gather<1>(top, bottom, now, last, block);
    }
    const int values = static_cast<int>(now.size()) * channels;
    blend(block, values, weight, rounding, target);
    target += values;
    columns = columns.subspan(now.size());
  }
}

void resize(Resize method, int channels, const PixelView& source, const MutablePixelView& target,
            std::span<Tap> columns) {
  const bool same_size = source.height == target.height && source.width == target.width;
  if (!same_size) resize_columns(method, source.width, columns);
  for (std::int32_t y = 0; y < target.height; ++y) {
    if (same_size) {
      std::memcpy(target.row(y), source.row(y), static_cast<std::size_t>(target.width) * channels);
      continue;
    }
    const Tap tap = resize_tap(method, y, source.height, target.height);
    resize_row(method, channels, source.row(tap.lower), source.row(tap.upper), tap.weight, columns,
               target.row(y));
  }
}

}  // namespace coco_mcu::core
