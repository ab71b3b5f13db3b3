// AVX2 as the algorithms of this folder see it: one instruction or two per function. Only for
// source files compiled with -mavx2. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <immintrin.h>

#include "kernels/x86/dot.h"

namespace coco_mcu::kernels::x86 {

/// Numbers in names are bits of a lane. Lanes are signed unless a name says otherwise. `unpack` and
/// `pack` work within each 16 bytes.
struct Avx2 {
  using Vector = __m256i;
  static constexpr const char* kName = "avx2";
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kLanes = 8;  // of 32 bits

  /// A tile of 6 pixels x 2 vectors of channels takes 12 of 16 registers.
  static constexpr std::size_t kTilePixels = 6;
  static constexpr std::size_t kTileVectors = 2;

  template <int kMagnitude>
  using Dot = std::conditional_t<(kMagnitude < 16), BytePairDot<Avx2, kMagnitude>, PairDot<Avx2>>;

  static Vector load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  static void store(void* to, Vector v) { _mm256_storeu_si256(static_cast<__m256i*>(to), v); }

  /// The first `count` < kBytes bytes; the rest of the vector is zero, or memory as it is.
  static Vector load_partial(const void* from, std::size_t count) {
    alignas(kBytes) std::uint8_t bytes[kBytes] = {};
    std::memcpy(bytes, from, count);
    return load(bytes);
  }
  static void store_partial(void* to, Vector v, std::size_t count) {
    alignas(kBytes) std::uint8_t bytes[kBytes];
    store(bytes, v);
    std::memcpy(to, bytes, count);
  }

  /// kBytes / 2 unsigned bytes as 16-bit lanes.
  static Vector load_widened(const void* from) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
  /// Four bytes, in every 32-bit lane.
  static Vector broadcast32(const void* from) {
    std::int32_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return _mm256_set1_epi32(bytes);
  }
  /// 16 bytes, in every 16 bytes.
  static Vector broadcast128(const void* from) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
  /// 16 bytes each from `from`, `from` + pitch, ...
  static Vector load_pieces(const std::uint8_t* from, std::size_t pitch) {
    const auto* first = reinterpret_cast<const __m128i*>(from);
    const auto* second = reinterpret_cast<const __m128i*>(from + pitch);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(first)),
                                   _mm_loadu_si128(second), 1);
  }
  static Vector zero() { return _mm256_setzero_si256(); }
  static Vector set8(std::uint8_t x) { return _mm256_set1_epi8(static_cast<char>(x)); }
  static Vector set16(std::int16_t x) { return _mm256_set1_epi16(x); }
  static Vector set32(std::int32_t x) { return _mm256_set1_epi32(x); }

  /// The same vector, of which the compiler knows nothing. GCC would else keep the sums of a loop
  /// twice, as lanes of 64 and of 16 bits, and most of them in memory.
  static Vector as_it_is(Vector v) {
    asm("" : "+x"(v));
    return v;
  }

  static Vector add32(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector add16(Vector a, Vector b) { return _mm256_add_epi16(a, b); }
  static Vector subtract16(Vector a, Vector b) { return _mm256_sub_epi16(a, b); }
  static Vector subtract8(Vector a, Vector b) { return _mm256_sub_epi8(a, b); }
  static Vector bit_and(Vector a, Vector b) { return _mm256_and_si256(a, b); }
  static Vector bit_xor(Vector a, Vector b) { return _mm256_xor_si256(a, b); }

  static Vector multiply_pairs8(Vector unsigned8, Vector signed8) {
    return _mm256_maddubs_epi16(unsigned8, signed8);
  }
  static Vector multiply_pairs16(Vector a, Vector b) { return _mm256_madd_epi16(a, b); }
  static Vector multiply_low16(Vector a, Vector b) { return _mm256_mullo_epi16(a, b); }
  static Vector multiply_high16(Vector a, Vector b) { return _mm256_mulhi_epi16(a, b); }
  static Vector multiply_high_unsigned16(Vector a, Vector b) { return _mm256_mulhi_epu16(a, b); }

  static Vector shift_left32(Vector v, Vector counts) { return _mm256_sllv_epi32(v, counts); }
  static Vector shift_right32(Vector v, Vector counts) { return _mm256_srav_epi32(v, counts); }
  template <int kCount>
  static Vector shift_right_unsigned16(Vector v) {
    return _mm256_srli_epi16(v, kCount);
  }

  static Vector maximum_unsigned8(Vector a, Vector b) { return _mm256_max_epu8(a, b); }
  static Vector minimum_unsigned8(Vector a, Vector b) { return _mm256_min_epu8(a, b); }

  static Vector unpack_low8(Vector a, Vector b) { return _mm256_unpacklo_epi8(a, b); }
  static Vector unpack_high8(Vector a, Vector b) { return _mm256_unpackhi_epi8(a, b); }
  static Vector unpack_low16(Vector a, Vector b) { return _mm256_unpacklo_epi16(a, b); }
  static Vector unpack_high16(Vector a, Vector b) { return _mm256_unpackhi_epi16(a, b); }
  static Vector unpack_low32(Vector a, Vector b) { return _mm256_unpacklo_epi32(a, b); }
  static Vector unpack_high32(Vector a, Vector b) { return _mm256_unpackhi_epi32(a, b); }
  static Vector unpack_low64(Vector a, Vector b) { return _mm256_unpacklo_epi64(a, b); }
  static Vector unpack_high64(Vector a, Vector b) { return _mm256_unpackhi_epi64(a, b); }
  /// The inverse of unpacking, with saturation to int16 and uint8.
  static Vector pack32(Vector low, Vector high) { return _mm256_packs_epi32(low, high); }
  static Vector pack16_unsigned(Vector low, Vector high) { return _mm256_packus_epi16(low, high); }

  /// table[index % 16] where the index is below 128, else 0; one table for each 16 bytes.
  static Vector shuffle(Vector table, Vector indices) {
    return _mm256_shuffle_epi8(table, indices);
  }
  /// Bytes of b where the byte of `which` is 128 or more, else of a.
  static Vector select(Vector which, Vector a, Vector b) { return _mm256_blendv_epi8(a, b, which); }

  /// Stores the 32-bit lanes of one or two vectors, limited to low..high, as `count` bytes.
  template <std::size_t kVectors>
  static void store_codes(std::uint8_t* to, const Vector (&v)[kVectors], Vector low, Vector high,
                          std::size_t count) {
    static_assert(kVectors <= 2);
    const Vector words = _mm256_packs_epi32(v[0], v[kVectors - 1]);
    __m128i codes =
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    codes = _mm_max_epu8(codes, _mm256_castsi256_si128(low));
    codes = _mm_min_epu8(codes, _mm256_castsi256_si128(high));
    codes = _mm_shuffle_epi32(codes, 0b11'01'10'00);
    if (count == 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), codes);
    } else if (count == 8) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), codes);
    } else {
      alignas(16) std::uint8_t bytes[16];
      _mm_store_si128(reinterpret_cast<__m128i*>(bytes), codes);
      std::memcpy(to, bytes, count);
    }
  }
  /// The sum of the 32-bit lanes.
  static std::int32_t sum(Vector v) {
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
    return _mm_cvtsi128_si32(s);
  }
};

}  // namespace coco_mcu::kernels::x86
