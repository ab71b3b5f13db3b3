#include "kernels/common.h"

#include <cstring>

namespace coco_mcu::kernels {

namespace {

/// Four bytes of `rgb` from kFirst on: one store instead of four.
template <std::size_t kFirst>
void input_word(const std::uint8_t* tables, const std::uint8_t* rgb, std::uint8_t* out) {
  const auto code = [&](std::size_t i) {
    return std::uint32_t{tables[(kFirst + i) % 3 * 256 + rgb[kFirst + i]]};
  };
  // Every processor that runs this is little-endian.
  const std::uint32_t word = code(0) | code(1) << 8 | code(2) << 16 | code(3) << 24;
  std::memcpy(out + kFirst, &word, sizeof word);
}

/// `count` codes through a table, or as they are.
void copy_codes(const std::uint8_t* table, const std::uint8_t* x, std::size_t count,
                std::uint8_t* out) {
  if (table == nullptr) {
    std::memcpy(out, x, count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) out[i] = table[x[i]];
}

}  // namespace

void upsample_row(const std::uint8_t* x, std::size_t out_width, std::size_t channels,
                  std::int32_t factor, std::int32_t offset, std::uint8_t* out) {
  for (std::size_t j = 0; j < out_width; ++j) {
    const auto from = (j + static_cast<std::size_t>(offset)) / static_cast<std::size_t>(factor);
    for (std::size_t c = 0; c < channels; ++c) out[j * channels + c] = x[from * channels + c];
  }
}

void concatenate_row(const Concatenation& layer, const std::uint8_t* x, const std::uint8_t* y,
                     std::uint8_t* out) {
  const auto x_channels = static_cast<std::size_t>(layer.channels[0]);
  const auto y_channels = static_cast<std::size_t>(layer.channels[1]);
  for (std::int32_t column = 0; column < layer.width; ++column) {
    copy_codes(layer.tables[0], x, x_channels, out);
    copy_codes(layer.tables[1], y, y_channels, out + x_channels);
    x += x_channels;
    y += y_channels;
    out += x_channels + y_channels;
  }
}

void input_codes(const std::uint8_t* tables, const std::uint8_t* rgb, std::size_t pixels,
                 std::uint8_t* out) {
  for (; pixels >= 4; pixels -= 4, rgb += 12, out += 12) {
    input_word<0>(tables, rgb, out);
    input_word<4>(tables, rgb, out);
    input_word<8>(tables, rgb, out);
  }
  for (std::size_t i = 0; i < 3 * pixels; ++i) out[i] = tables[i % 3 * 256 + rgb[i]];
}

void softmax(const std::uint16_t* exponentials, const std::uint8_t* logits, std::size_t count,
             std::uint16_t* probabilities) {
  std::uint8_t largest = 0;
  for (std::size_t c = 0; c < count; ++c) {
    if (logits[c] > largest) largest = logits[c];
  }
  // Within 32 bits: a model has at most 8192 logits.
  std::uint32_t sum = 0;
  for (std::size_t c = 0; c < count; ++c) sum += exponentials[largest - logits[c]];
  for (std::size_t c = 0; c < count; ++c) {
    const std::uint32_t exponential = exponentials[largest - logits[c]];
    probabilities[c] = static_cast<std::uint16_t>((exponential * 32768 + sum / 2) / sum);
  }
}

}  // namespace coco_mcu::kernels
