#include "kernels/helium/helium.h"
#include "kernels/helium/requantize.h"
#include "kernels/reference/reference.h"

namespace coco_mcu::kernels::helium {
namespace {

constexpr std::size_t kGroup = 8;          // codes in 16 bits
constexpr std::size_t kMostAddends = 256;  // codes whose sum stays within 16 bits

/// A rule that all channels share.
struct Uniform {
  explicit Uniform(const core::Requantization& rule)
      : shifts(rule),
        multiplier(rule.multipliers[0] * (1 << shifts.of_multiplier)),
        offset(rule.offsets[0] * (1 << shifts.of_offset)) {}

  /// The codes of sums that have been shifted left, before they are cut to 0..255.
  int32x4_t scaled(int32x4_t sums) const {
    return vshlq_r_s32(vaddq_n_s32(vqdmulhq_n_s32(sums, multiplier), offset), shifts.right);
  }

  Shifts shifts;
  std::int32_t multiplier;
  std::int32_t offset;
};

/// The first `count` of eight codes less their zero point.
inline int16x8_t load_eight(const std::uint8_t* x, std::int32_t zero_point, mve_pred16_t lanes) {
  return vsubq_n_s16(vreinterpretq_s16_u16(vldrbq_z_u16(x, lanes)),
                     static_cast<std::int16_t>(zero_point));
}

/// Eight channels of `columns` columns, or those in `lanes`, which all meet the same factors.
template <bool kAreEight>
void multiply_columns(const Multiply& layer, const Uniform& rule, int16x8_t factors,
                      const std::uint8_t* x, std::int32_t columns, mve_pred16_t lanes,
                      std::uint8_t* out) {
  const std::size_t stride = static_cast<std::size_t>(layer.channels);
  const auto zero_point = static_cast<std::int16_t>(layer.zero_point);
  for (; columns != 0; --columns, x += stride, out += stride) {
    const uint16x8_t codes = kAreEight ? vldrbq_u16(x) : vldrbq_z_u16(x, lanes);
    const int16x8_t less_zero = vsubq_n_s16(vreinterpretq_s16_u16(codes), zero_point);
    const uint16x8_t numbers = cut_eight(rule.scaled(vmullbq_int_s16(less_zero, factors)),
                                         rule.scaled(vmulltq_int_s16(less_zero, factors)));
    kAreEight ? vstrbq_u16(out, numbers) : vstrbq_p_u16(out, numbers, lanes);
  }
}

/// `columns` columns that all meet the same codes `by`.
void multiply_run(const Multiply& layer, const Uniform& rule, const std::uint8_t* x,
                  const std::uint8_t* by, std::int32_t columns, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.channels);
  for (std::size_t c = 0; c < channels; c += kGroup) {
    const mve_pred16_t lanes = vctp16q(static_cast<std::uint32_t>(channels - c));
    const int16x8_t factors =
        vshlq_r_s16(load_eight(by + c, layer.by_zero_point, lanes), rule.shifts.left);
    channels - c >= kGroup
        ? multiply_columns<true>(layer, rule, factors, x + c, columns, lanes, out + c)
        : multiply_columns<false>(layer, rule, factors, x + c, columns, lanes, out + c);
  }
}

/// Whether the second operand's codes less their zero point can be shifted left within 16 bits.
bool has_short_factors(const Multiply& layer) {
  const std::int32_t zero_point = layer.by_zero_point;
  const std::int32_t farthest = zero_point < 128 ? 255 - zero_point : zero_point;
  return Shifts(layer.requantization).left < 7 &&
         farthest << Shifts(layer.requantization).left < 32768;
}

}  // namespace

void multiply_row(const Multiply& layer, const std::uint8_t* x, const std::uint8_t* by,
                  std::uint8_t* out) {
  if (!layer.requantization.is_uniform || layer.requantization.twice != nullptr ||
      !has_short_factors(layer)) {
    reference::multiply_row(layer, x, by, out);
    return;
  }
  const Uniform rule(layer.requantization);
  const auto channels = static_cast<std::size_t>(layer.channels);
  for (std::int32_t column = 0; column < layer.width;) {
    // The columns that meet the same column of the second operand.
    const std::int32_t by_column = (column + layer.offset) / layer.factor;
    std::int32_t end = (by_column + 1) * layer.factor - layer.offset;
    if (end > layer.width) end = layer.width;
    const std::size_t at = static_cast<std::size_t>(column) * channels;
    multiply_run(layer, rule, x + at, by + static_cast<std::size_t>(by_column) * channels,
                 end - column, out + at);
    column = end;
  }
  finish_codes(layer.requantization, out, static_cast<std::size_t>(layer.width) * channels);
}

void add(const Add& layer, const std::uint8_t* x, const std::uint8_t* y, std::size_t count,
         std::uint8_t* out) {
  if (layer.requantization.twice != nullptr) {
    reference::add(layer, x, y, count, out);
    return;
  }
  const Uniform rule(layer.requantization);
  const int left = rule.shifts.left;
  const int16x8_t factors[2] = {vdupq_n_s16(layer.factors[0]), vdupq_n_s16(layer.factors[1])};
  for (std::size_t i = 0; i < count; i += kGroup) {
    const mve_pred16_t lanes = vctp16q(static_cast<std::uint32_t>(count - i));
    const int16x8_t a = load_eight(x + i, layer.zero_points[0], lanes);
    const int16x8_t b = load_eight(y + i, layer.zero_points[1], lanes);
    const int32x4_t even =
        vaddq_s32(vmullbq_int_s16(a, factors[0]), vmullbq_int_s16(b, factors[1]));
    const int32x4_t odd = vaddq_s32(vmulltq_int_s16(a, factors[0]), vmulltq_int_s16(b, factors[1]));
    vstrbq_p_u16(
        out + i,
        cut_eight(rule.scaled(vshlq_r_s32(even, left)), rule.scaled(vshlq_r_s32(odd, left))),
        lanes);
  }
  finish_codes(layer.requantization, out, count);
}

void sum_pixels(const std::uint8_t* x, std::size_t pixels, std::size_t channels,
                std::int32_t* sums) {
  for (std::size_t c = 0; c < channels; c += kGroup) {
    const mve_pred16_t lanes = vctp16q(static_cast<std::uint32_t>(channels - c));
    const std::uint8_t* next = x + c;
    for (std::size_t left = pixels; left != 0;) {
      const std::size_t some = left < kMostAddends ? left : kMostAddends;
      uint16x8_t of_some = vdupq_n_u16(0);
      for (std::size_t i = some; i != 0; --i, next += channels) {
        of_some = vaddq_u16(of_some, vldrbq_z_u16(next, lanes));
      }
      std::uint16_t each[kGroup];
      vst1q_u16(each, of_some);
      for (std::size_t i = 0; i < kGroup && c + i < channels; ++i) sums[c + i] += each[i];
      left -= some;
    }
  }
}

void max_pool_row(const MaxPool& layer, WindowRows rows, std::uint8_t* out) {
  const auto channels = static_cast<std::size_t>(layer.channels);
  for (std::int32_t column = 0; column < layer.out_width; ++column, out += channels) {
    const std::size_t left = static_cast<std::size_t>(column * layer.stride) * channels;
    for (std::size_t c = 0; c < channels; c += 16) {
      const mve_pred16_t lanes = vctp8q(static_cast<std::uint32_t>(channels - c));
      uint8x16_t largest = vdupq_n_u8(0);
      for (std::int32_t ky = 0; ky < layer.kernel; ++ky) {
        const std::uint8_t* x = rows[ky] + left + c;
        for (std::int32_t kx = 0; kx < layer.kernel; ++kx, x += channels) {
          largest = vmaxq_u8(largest, vldrbq_z_u8(x, lanes));
        }
      }
      vstrbq_p_u8(out + c, largest, lanes);
    }
  }
}

void lookup(const std::uint8_t* table, const std::uint8_t* x, std::size_t count,
            std::uint8_t* out) {
  if (count == 0) return;
  uint8x16_t codes;
  uint8x16_t found;
  // DLSTP leaves out the lanes behind the end.
  asm volatile(
      "dlstp.8 lr, %[count]\n"
      "0:\n"
      "vldrb.u8 %q[codes], [%[x]], #16\n"
      "vldrb.u8 %q[found], [%[table], %q[codes]]\n"
      "vstrb.8 %q[found], [%[out]], #16\n"
      "letp lr, 0b"
      : [codes] "=&w"(codes), [found] "=&w"(found), [x] "+r"(x), [out] "+r"(out)
      : [table] "r"(table), [count] "r"(count)
      : "lr", "memory");
}

void finish_codes(const core::Requantization& rule, std::uint8_t* codes, std::size_t count) {
  if ((rule.low != 0 || rule.high != 255) && count != 0) {
    uint8x16_t cut;
    std::uint8_t* next = codes;
    asm volatile(
        "dlstp.8 lr, %[count]\n"
        "0:\n"
        "vldrb.u8 %q[cut], [%[next]]\n"
        "vmax.u8 %q[cut], %q[cut], %q[low]\n"
        "vmin.u8 %q[cut], %q[cut], %q[high]\n"
        "vstrb.8 %q[cut], [%[next]], #16\n"
        "letp lr, 0b"
        : [cut] "=&w"(cut), [next] "+r"(next)
        : [low] "w"(vdupq_n_u8(rule.low)), [high] "w"(vdupq_n_u8(rule.high)), [count] "r"(count)
        : "lr", "memory");
  }
  if (rule.table != nullptr) lookup(rule.table, codes, count, codes);
}

}  // namespace coco_mcu::kernels::helium
