// AVX-512 with VNNI as the algorithms of this folder see it: one instruction or two per function.
// Only for source files compiled with -mavx512f -mavx512bw -mavx512vl -mavx512vnni. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <immintrin.h>

#include "kernels/x86/dot.h"

namespace coco_mcu::kernels::x86 {

/// See Avx2 for what each function means.
struct Avx512Vnni {
  using Vector = __m512i;
  static constexpr const char* kName = "avx512_vnni";
  static constexpr std::size_t kBytes = 64;
  static constexpr std::size_t kLanes = 16;

  /// A tile of 8 pixels x 3 vectors of channels takes 24 of 32 registers.
  static constexpr std::size_t kTilePixels = 8;
  static constexpr std::size_t kTileVectors = 3;

  template <int kMagnitude>
  using Dot = QuadDot<Avx512Vnni>;

  static Vector load(const void* from) { return _mm512_loadu_si512(from); }
  static void store(void* to, Vector v) { _mm512_storeu_si512(to, v); }
  /// The lowest `count` < 64 bits.
  static __mmask64 first(std::size_t count) { return ~(~__mmask64{0} << count); }
  static Vector load_partial(const void* from, std::size_t count) {
    return _mm512_maskz_loadu_epi8(first(count), from);
  }
  static void store_partial(void* to, Vector v, std::size_t count) {
    _mm512_mask_storeu_epi8(to, first(count), v);
  }

  static Vector broadcast32(const void* from) {
    std::int32_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return _mm512_set1_epi32(bytes);
  }
  static Vector broadcast128(const void* from) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(from)));
  }
  static Vector load_pieces(const std::uint8_t* from, std::size_t pitch) {
    const auto piece = [&](std::size_t i) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * pitch));
    };
    Vector v = _mm512_castsi128_si512(piece(0));
    v = _mm512_inserti32x4(v, piece(1), 1);
    v = _mm512_inserti32x4(v, piece(2), 2);
    return _mm512_inserti32x4(v, piece(3), 3);
  }
  static Vector zero() { return _mm512_setzero_si512(); }
  static Vector set8(std::uint8_t x) { return _mm512_set1_epi8(static_cast<char>(x)); }
  static Vector set16(std::int16_t x) { return _mm512_set1_epi16(x); }
  static Vector set32(std::int32_t x) { return _mm512_set1_epi32(x); }

  static Vector as_it_is(Vector v) {
    asm("" : "+v"(v));
    return v;
  }

  static Vector add32(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector add16(Vector a, Vector b) { return _mm512_add_epi16(a, b); }
  static Vector subtract16(Vector a, Vector b) { return _mm512_sub_epi16(a, b); }
  static Vector subtract8(Vector a, Vector b) { return _mm512_sub_epi8(a, b); }
  static Vector bit_and(Vector a, Vector b) { return _mm512_and_si512(a, b); }
  static Vector bit_xor(Vector a, Vector b) { return _mm512_xor_si512(a, b); }

  static Vector dot_quads(Vector sum, Vector unsigned8, Vector signed8) {
    return _mm512_dpbusd_epi32(sum, unsigned8, signed8);
  }
  static Vector multiply_pairs8(Vector unsigned8, Vector signed8) {
    return _mm512_maddubs_epi16(unsigned8, signed8);
  }
  static Vector multiply_pairs16(Vector a, Vector b) { return _mm512_madd_epi16(a, b); }
  static Vector multiply_low16(Vector a, Vector b) { return _mm512_mullo_epi16(a, b); }
  static Vector multiply_high16(Vector a, Vector b) { return _mm512_mulhi_epi16(a, b); }
  static Vector multiply_high_unsigned16(Vector a, Vector b) { return _mm512_mulhi_epu16(a, b); }

  static Vector shift_left32(Vector v, Vector counts) { return _mm512_sllv_epi32(v, counts); }
  static Vector shift_right32(Vector v, Vector counts) { return _mm512_srav_epi32(v, counts); }
  template <int kCount>
  static Vector shift_right_unsigned16(Vector v) {
    return _mm512_srli_epi16(v, kCount);
  }

  static Vector maximum_unsigned8(Vector a, Vector b) { return _mm512_max_epu8(a, b); }
  static Vector minimum_unsigned8(Vector a, Vector b) { return _mm512_min_epu8(a, b); }

  static Vector unpack_low8(Vector a, Vector b) { return _mm512_unpacklo_epi8(a, b); }
  static Vector unpack_high8(Vector a, Vector b) { return _mm512_unpackhi_epi8(a, b); }
  static Vector unpack_low16(Vector a, Vector b) { return _mm512_unpacklo_epi16(a, b); }
  static Vector unpack_high16(Vector a, Vector b) { return _mm512_unpackhi_epi16(a, b); }
  static Vector unpack_low32(Vector a, Vector b) { return _mm512_unpacklo_epi32(a, b); }
  static Vector unpack_high32(Vector a, Vector b) { return _mm512_unpackhi_epi32(a, b); }
  static Vector unpack_low64(Vector a, Vector b) { return _mm512_unpacklo_epi64(a, b); }
  static Vector unpack_high64(Vector a, Vector b) { return _mm512_unpackhi_epi64(a, b); }
  static Vector pack32(Vector low, Vector high) { return _mm512_packs_epi32(low, high); }
  static Vector pack16_unsigned(Vector low, Vector high) { return _mm512_packus_epi16(low, high); }

  static Vector shuffle(Vector table, Vector indices) {
    return _mm512_shuffle_epi8(table, indices);
  }
  static Vector select(Vector which, Vector a, Vector b) {
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(which), a, b);
  }

  template <std::size_t kVectors>
  static void store_codes(std::uint8_t* to, const Vector (&v)[kVectors], Vector low, Vector high,
                          std::size_t count) {
    for (std::size_t i = 0; i < kVectors; ++i) {
      __m128i codes = _mm512_cvtusepi32_epi8(_mm512_max_epi32(v[i], zero()));
      codes = _mm_max_epu8(codes, _mm512_castsi512_si128(low));
      codes = _mm_min_epu8(codes, _mm512_castsi512_si128(high));
      const std::size_t left = count - i * kLanes;
      const auto kept = static_cast<__mmask16>(left < kLanes ? first(left) : ~__mmask64{0});
      _mm_mask_storeu_epi8(to + i * kLanes, kept, codes);
    }
  }
  static std::int32_t sum(Vector v) { return _mm512_reduce_add_epi32(v); }
};

}  // namespace coco_mcu::kernels::x86
