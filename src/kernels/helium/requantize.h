// The requantization rule (core/requantize.h) for four sums at once. Freestanding.
#pragma once

#include "kernels/helium/helium.h"

namespace coco_mcu::kernels::helium {

/// How far numbers are moved, to the right where negative. Both shifts of the rule round down, so
/// that only their difference counts, as far as offsets stay whole.
struct Shifts {
  explicit Shifts(const core::LayerRequantization& rule) {
    const int missing = rule.left_shift - rule.offset_shift;
    left = missing > 1 ? missing - 1 : 0;
    right = missing > 0 ? rule.offset_shift - rule.shift : rule.left_shift - rule.shift;
    of_multiplier = missing > 0 ? 16 : 15;
    of_offset = missing > 0 ? 0 : -missing;
  }

  int left;           // of sums
  int right;          // of scaled sums and offsets
  int of_multiplier;  // VQDMULH takes the product's upper half, doubled
  int of_offset;
};

/// What the rule needs of four channels.
struct FourChannels {
  FourChannels() = default;
  /// Of the first `count` of four channels from `first` on.
  FourChannels(const core::Requantization& rule, const Shifts& shifts, std::size_t first,
               std::size_t count) {
    const mve_pred16_t lanes = vctp32q(static_cast<std::uint32_t>(count));
    multipliers = rule.is_uniform ? vdupq_n_s32(rule.multipliers[0])
                                  : vldrhq_z_s32(rule.multipliers + first, lanes);
    offsets =
        rule.is_uniform ? vdupq_n_s32(rule.offsets[0]) : vldrhq_z_s32(rule.offsets + first, lanes);
    multipliers = vshlq_r_s32(multipliers, shifts.of_multiplier);
    offsets = vshlq_r_s32(offsets, shifts.of_offset);
  }

  int32x4_t multipliers;
  int32x4_t offsets;
};

/// The codes, in 32 bits each and before they are cut to 0..255.
inline int32x4_t requantized(int32x4_t sums, const FourChannels& channels, const Shifts& shifts) {
  const int32x4_t scaled = vqdmulhq_s32(vshlq_r_s32(sums, shifts.left), channels.multipliers);
  return vshlq_r_s32(vaddq_s32(scaled, channels.offsets), shifts.right);
}

/// What the rule needs of eight channels from `first` on.
struct EightChannels {
  EightChannels(const core::Requantization& rule, const Shifts& shifts, std::size_t first) {
    const int16x8_t multipliers =
        rule.is_uniform ? vdupq_n_s16(rule.multipliers[0]) : vldrhq_s16(rule.multipliers + first);
    const int16x8_t offsets =
        rule.is_uniform ? vdupq_n_s16(rule.offsets[0]) : vldrhq_s16(rule.offsets + first);
    even.multipliers = vshlq_r_s32(vmovlbq_s16(multipliers), shifts.of_multiplier);
    even.offsets = vshlq_r_s32(vmovlbq_s16(offsets), shifts.of_offset);
    odd.multipliers = vshlq_r_s32(vmovltq_s16(multipliers), shifts.of_multiplier);
    odd.offsets = vshlq_r_s32(vmovltq_s16(offsets), shifts.of_offset);
  }

  FourChannels even;
  FourChannels odd;
};

/// Numbers of even and odd places cut to 0..255, each in the lower byte of 16 bits.
inline uint16x8_t cut_eight(int32x4_t even, int32x4_t odd) {
  asm("vqmovunb.s32 %q0, %q0\nvqmovunt.s32 %q0, %q1\nvqmovnb.u16 %q0, %q0"
      : "+&w"(even)
      : "w"(odd));
  return vreinterpretq_u16_s32(even);
}

}  // namespace coco_mcu::kernels::helium
