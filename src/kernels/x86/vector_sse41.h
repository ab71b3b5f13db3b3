// SSE4.1 as the algorithms of this folder see it: one instruction or two per function. Only for
// source files compiled with -msse4.1. emscripten makes WebAssembly of the same intrinsics, see
// wasm/backends.cc. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <smmintrin.h>

#include "kernels/x86/dot.h"

namespace coco_mcu::kernels::x86 {

/// See Avx2 for what each function means.
struct Sse41 {
  using Vector = __m128i;
  static constexpr const char* kName = "sse41";
  static constexpr std::size_t kBytes = 16;
  static constexpr std::size_t kLanes = 4;

  /// A tile of 4 pixels x 2 vectors of channels takes 8 of 16 registers.
  static constexpr std::size_t kTilePixels = 4;
  static constexpr std::size_t kTileVectors = 2;

  template <int kMagnitude>
  using Dot = std::conditional_t<(kMagnitude < 16), BytePairDot<Sse41, kMagnitude>, PairDot<Sse41>>;

  static Vector load(const void* from) {
    return _mm_loadu_si128(static_cast<const __m128i*>(from));
  }
  static void store(void* to, Vector v) { _mm_storeu_si128(static_cast<__m128i*>(to), v); }
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
  static Vector load_widened(const void* from) {
    return _mm_cvtepu8_epi16(_mm_loadl_epi64(static_cast<const __m128i*>(from)));
  }
  static Vector broadcast32(const void* from) {
    std::int32_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return _mm_set1_epi32(bytes);
  }
  static Vector broadcast128(const void* from) { return load(from); }
  static Vector load_pieces(const std::uint8_t* from, std::size_t) { return load(from); }
  static Vector zero() { return _mm_setzero_si128(); }
  static Vector set8(std::uint8_t x) { return _mm_set1_epi8(static_cast<char>(x)); }
  static Vector set16(std::int16_t x) { return _mm_set1_epi16(x); }
  static Vector set32(std::int32_t x) { return _mm_set1_epi32(x); }

  static Vector as_it_is(Vector v) {
#ifdef __x86_64__
    asm("" : "+x"(v));
#endif
    return v;
  }

  static Vector add32(Vector a, Vector b) {
    return _mm_add_epi32(a, b);
  }
  static Vector add16(Vector a, Vector b) {
    return _mm_add_epi16(a, b);
  }
  static Vector subtract16(Vector a, Vector b) {
    return _mm_sub_epi16(a, b);
  }
  static Vector subtract8(Vector a, Vector b) {
    return _mm_sub_epi8(a, b);
  }
  static Vector bit_and(Vector a, Vector b) {
    return _mm_and_si128(a, b);
  }
  static Vector bit_xor(Vector a, Vector b) {
    return _mm_xor_si128(a, b);
  }

  static Vector multiply_pairs8(Vector unsigned8, Vector signed8) {
    return _mm_maddubs_epi16(unsigned8, signed8);
  }
  static Vector multiply_pairs16(Vector a, Vector b) {
    return _mm_madd_epi16(a, b);
  }
  static Vector multiply_low16(Vector a, Vector b) {
    return _mm_mullo_epi16(a, b);
  }
  static Vector multiply_high16(Vector a, Vector b) {
    return _mm_mulhi_epi16(a, b);
  }
  static Vector multiply_high_unsigned16(Vector a, Vector b) {
    return _mm_mulhi_epu16(a, b);
  }

  /// All lanes by the first count: the rule of requantization has one.
  static Vector shift_left32(Vector v, Vector counts) {
    return _mm_sll_epi32(v, _mm_cvtsi32_si128(_mm_cvtsi128_si32(counts)));
  }
  static Vector shift_right32(Vector v, Vector counts) {
    return _mm_sra_epi32(v, _mm_cvtsi32_si128(_mm_cvtsi128_si32(counts)));
  }
  template <int kCount>
  static Vector shift_right_unsigned16(Vector v) {
    return _mm_srli_epi16(v, kCount);
  }

  static Vector maximum_unsigned8(Vector a, Vector b) {
    return _mm_max_epu8(a, b);
  }
  static Vector minimum_unsigned8(Vector a, Vector b) {
    return _mm_min_epu8(a, b);
  }

  static Vector unpack_low8(Vector a, Vector b) {
    return _mm_unpacklo_epi8(a, b);
  }
  static Vector unpack_high8(Vector a, Vector b) {
    return _mm_unpackhi_epi8(a, b);
  }
  static Vector unpack_low16(Vector a, Vector b) {
    return _mm_unpacklo_epi16(a, b);
  }
  static Vector unpack_high16(Vector a, Vector b) {
    return _mm_unpackhi_epi16(a, b);
  }
  static Vector unpack_low32(Vector a, Vector b) {
    return _mm_unpacklo_epi32(a, b);
  }
  static Vector unpack_high32(Vector a, Vector b) {
    return _mm_unpackhi_epi32(a, b);
  }
  static Vector unpack_low64(Vector a, Vector b) {
    return _mm_unpacklo_epi64(a, b);
  }
  static Vector unpack_high64(Vector a, Vector b) {
    return _mm_unpackhi_epi64(a, b);
  }
  static Vector pack32(Vector low, Vector high) {
    return _mm_packs_epi32(low, high);
  }
  static Vector pack16_unsigned(Vector low, Vector high) {
    return _mm_packus_epi16(low, high);
  }

  static Vector shuffle(Vector table, Vector indices) {
    return _mm_shuffle_epi8(table, indices);
  }
  static Vector select(Vector which, Vector a, Vector b) {
    return _mm_blendv_epi8(a, b, which);
  }

  template <std::size_t kVectors>
  static void store_codes(std::uint8_t* to, const Vector (&v)[kVectors], Vector low, Vector high,
                          std::size_t count) {
    static_assert(kVectors <= 2);
    const Vector words = pack32(v[0], v[kVectors - 1]);
    Vector codes = maximum_unsigned8(pack16_unsigned(words, words), low);
    codes = minimum_unsigned8(codes, high);
    if (count == 2 * kLanes) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), codes);
    } else {
      store_partial(to, codes, count);
    }
  }
  static std::int32_t sum(Vector v) {
    v = add32(v, _mm_shuffle_epi32(v, 0x4e));
    v = add32(v, _mm_shuffle_epi32(v, 0xb1));
    return _mm_cvtsi128_si32(v);
  }
};

}  // namespace coco_mcu::kernels::x86
