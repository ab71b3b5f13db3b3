#include "kernels/cortex_m/pixel_lanes.h"

#include "kernels/cortex_m/cortex_m.h"

namespace coco_mcu::kernels::cortex_m {
namespace {

std::size_t quads_of(const Widening& how) {
  return how.groups * (kGroup / kQuad) + how.has_half * (kHalfGroup / kQuad);
}

}  // namespace

Widening plain_widening(std::int32_t zero_point, std::size_t quads) {
  return {.zero = twice(static_cast<std::uint32_t>(-zero_point) & 0xFFFFU),
          .groups = quads / (kGroup / kQuad),
          .has_half = quads % (kGroup / kQuad) != 0 ? 1U : 0U};
}

void copy_codes(const std::uint8_t* x, std::size_t count, std::uint8_t* to) {
  if (count < 4) {
    for (std::size_t i = 0; i < count; ++i) to[i] = x[i];
    return;
  }
  const std::uint8_t* const last = x + count - 4;
  std::uint8_t* const last_to = to + count - 4;
  for (; x < last; x += 4, to += 4) store_word(to, load_word(x));
  store_word(last_to, load_word(last));  // some of its codes for the second time
}

void gather(const Convolution& layer, WindowRows rows, std::int32_t out_column,
            std::uint8_t* window) {
  const std::int32_t begin = out_column * layer.stride - layer.padding;
  const std::int32_t end = begin + layer.kernel;
  const std::int32_t from = begin < 0 ? 0 : begin;
  const std::int32_t to = end > layer.in_width ? layer.in_width : end;
  const bool is_inside = from == begin && to == end;
  const auto bytes = static_cast<std::size_t>(layer.kernel * layer.in_channels);
  const auto skipped = static_cast<std::size_t>((from - begin) * layer.in_channels);
  const auto count = static_cast<std::size_t>(to > from ? (to - from) * layer.in_channels : 0);
  const std::int32_t offset = from * layer.in_channels;
  for (std::int32_t ky = 0; ky < layer.kernel; ++ky, window += bytes) {
    if (rows[ky] == nullptr || !is_inside) std::memset(window, layer.zero_point, bytes);
    if (rows[ky] != nullptr) copy_codes(rows[ky] + offset, count, window + skipped);
  }
}

void widen(const Widening& how, const std::uint8_t* x, std::size_t stride, std::size_t count,
           std::uint32_t* to) {
  Widening widening = how;
  widening.x = x;
  widening.stride = stride;
  widening.pairs = count / 2;
  widening.to = to;
  if (widening.pairs != 0) widen_pixels(&widening);
  if (count % 2 == 0) return;
  // The last pixel is its own neighbour.
  widening.x += (count - 1) * stride;
  widening.to += count / 2 * pair_words(quads_of(how));
  widening.stride = 0;
  widening.pairs = 1;
  widen_pixels(&widening);
}

// Not inline: its memory is free again when sums are made.
[[gnu::noinline]] void widen_windows(const Convolution& layer, const Widening& how, WindowRows rows,
                                     std::size_t first, std::size_t count, std::uint32_t* to) {
  const std::size_t quads = quads_of(how);
  const std::size_t padded = quads * kQuad;
  if (layer.kernel == 1 && layer.padding == 0 && layer.window_weights() == padded) {
    const auto stride = static_cast<std::size_t>(layer.stride * layer.in_channels);
    widen(how, rows[0] + first * stride, stride, count, to);
    return;
  }
  std::uint8_t windows[2 * kMostWeights];
  const std::size_t at_once = kMostWeights / padded * 2;
  // What fills the last quads stays as it is.
  std::memset(windows, layer.zero_point, at_once * padded);
  for (std::size_t done = 0; done < count;) {
    std::size_t some = 0;
    for (; some < at_once && done + some < count; ++some) {
      gather(layer, rows, static_cast<std::int32_t>(first + done + some), windows + some * padded);
    }
    widen(how, windows, padded, some, to + done / 2 * pair_words(quads));
    done += some;
  }
}

}  // namespace coco_mcu::kernels::cortex_m
