// Tables of 256 codes, a vector at a time. Freestanding.
#pragma once

#include "kernels/x86/requantize.h"

namespace coco_mcu::kernels::x86 {

/// The table as 16 vectors for byte shuffles, which see 16 entries each. The i-th adds (exclusive
/// or) what turns an entry of the previous 16 codes into one of these 16; a shuffle leaves zero
/// where the index, less 16 * i, is negative. Codes from 128 on are a second table.
template <class V>
struct ShuffleTable {
  using Vector = typename V::Vector;

  explicit ShuffleTable(const std::uint8_t* table) {
    for (std::size_t i = 0; i < 16; ++i) {
      steps[i] = V::broadcast128(table + 16 * i);
      if (i % 8 != 0) steps[i] = V::bit_xor(steps[i], V::broadcast128(table + 16 * (i - 1)));
    }
  }

  Vector half(Vector codes, const Vector* half_steps) const {
    Vector entries = V::shuffle(half_steps[0], codes);
    for (std::size_t i = 1; i < 8; ++i) {
      codes = V::subtract8(codes, V::set8(16));
      entries = V::bit_xor(entries, V::shuffle(half_steps[i], codes));
    }
    return entries;
  }

  Vector operator()(Vector codes) const {
    const Vector upper = half(V::bit_xor(codes, V::set8(128)), steps + 8);
    return V::select(codes, half(codes, steps), upper);
  }

  Vector steps[16];
};

/// out[i] = table[x[i]]; out may be x.
template <class V>
void lookup(const std::uint8_t* table, const std::uint8_t* x, std::size_t count,
            std::uint8_t* out) {
  std::size_t i = 0;
  if (count >= 2 * V::kBytes) {
    const ShuffleTable<V> entries(table);
    for (; i + V::kBytes <= count; i += V::kBytes) V::store(out + i, entries(V::load(x + i)));
  }
  for (; i < count; ++i) out[i] = table[x[i]];
}

}  // namespace coco_mcu::kernels::x86
