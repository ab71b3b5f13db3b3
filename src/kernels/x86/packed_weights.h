// Packed weights of several output channels as vectors. Freestanding.
#pragma once

#include <cstring>

#include "kernels/x86/requantize.h"

namespace coco_mcu::kernels::x86 {

/// 16 bytes of packed weights from each of V::kLanes rows that follow each other. Instructions that
/// unpack work within 16 bytes: so 16 bytes of a vector belong to one row, the `i`-th of the vector
/// `quarter` to row 4 * i + quarter, and a transposition of 4 x 4 lanes of 32 bits makes the lanes
/// of a vector those of all rows.
template <class V, int kBits, class Weight>
struct PackedWeights {
  using Vector = typename V::Vector;
  static constexpr std::size_t kPieceBytes = 16;
  /// Weights of a piece, and vectors of weights that a vector of codes makes.
  static constexpr std::size_t kPieceWeights = kPieceBytes * 8 / kBits;
  static constexpr std::size_t kRuns = kPieceWeights * sizeof(Weight) / kPieceBytes;
  static_assert(kBits == 8 || sizeof(Weight) == 1);

  PackedWeights(const Convolution& layer, std::size_t row_weights)
      : rows(layer.weights),
        row_bytes((row_weights * kBits + 7) / 8),
        bytes(size(layer.out_channels) * row_bytes) {
    using enum core::WeightFormat;
    if (layer.format == kTernary2) set_meaning<kTernary2>();
    if (layer.format == kFourLevel2) set_meaning<kFourLevel2>();
    if (layer.format == kSigned4) set_meaning<kSigned4>();
  }

  /// The pieces at `offset` of the rows from `first_row` on. Zero is what lies beyond the last row.
  void load(std::size_t first_row, std::size_t offset, Vector (&codes)[4]) const {
    const std::size_t first = first_row * row_bytes + offset;
    const std::uint8_t* from = rows + first;
    std::size_t pitch = row_bytes;
    std::uint8_t at_the_end[V::kLanes * kPieceBytes];
    if (first + (V::kLanes - 1) * row_bytes + kPieceBytes > bytes) {
      std::memset(at_the_end, 0, sizeof at_the_end);
      std::uint8_t* to = at_the_end;
      for (std::size_t i = first; to < at_the_end + sizeof at_the_end && i < bytes;
           i += row_bytes, to += kPieceBytes) {
        std::memcpy(to, rows + i, smaller(kPieceBytes, bytes - i));
      }
      from = at_the_end;
      pitch = kPieceBytes;
    }
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      codes[quarter] = V::load_pieces(from + quarter * pitch, 4 * pitch);
    }
  }

  /// The `kRun`-th 16 bytes of weights of each piece: the `i`-th vector is the `i`-th lane of 32
  /// bits of every row.
  template <std::size_t kRun>
  [[gnu::always_inline]] void transposed(const Vector (&codes)[4], Vector (&lanes)[4]) const {
    const Vector a = weights<kRun>(codes[0]);
    const Vector b = weights<kRun>(codes[1]);
    const Vector c = weights<kRun>(codes[2]);
    const Vector d = weights<kRun>(codes[3]);
    const Vector low[2] = {V::unpack_low32(a, b), V::unpack_low32(c, d)};
    const Vector high[2] = {V::unpack_high32(a, b), V::unpack_high32(c, d)};
    lanes[0] = V::unpack_low64(low[0], low[1]);
    lanes[1] = V::unpack_high64(low[0], low[1]);
    lanes[2] = V::unpack_low64(high[0], high[1]);
    lanes[3] = V::unpack_high64(high[0], high[1]);
  }

  /// What four bits mean: one weight of 4 bits, or the lower and the upper of two.
  template <core::WeightFormat kFormat>
  void set_meaning() {
    constexpr int kOrigin = core::weight_origin(kFormat);
    constexpr int kStep = core::weight_step(kFormat);
    std::int8_t weights_of[2][16];
    for (int code = 0; code < 16; ++code) {
      const int lower = code & ((1 << kBits) - 1);
      const int upper = code >> 2;
      weights_of[0][code] = static_cast<std::int8_t>(kOrigin + kStep * lower);
      weights_of[1][code] = static_cast<std::int8_t>(kOrigin + kStep * upper);
    }
    meaning[0] = V::broadcast128(weights_of[0]);
    meaning[1] = V::broadcast128(weights_of[1]);
  }

  template <std::size_t kHalf>
  static Vector unpack8(Vector a, Vector b) {
    return kHalf == 0 ? V::unpack_low8(a, b) : V::unpack_high8(a, b);
  }

  /// The `kRun`-th 16 bytes of weights of each 16 bytes of codes.
  template <std::size_t kRun>
  [[gnu::always_inline]] Vector weights(Vector codes) const {
    if constexpr (kBits == 8 && sizeof(Weight) == 1) {
      return V::bit_xor(codes, V::set8(128));
    } else if constexpr (kBits == 8) {
      return V::subtract16(unpack8<kRun>(codes, V::zero()), V::set16(128));
    } else {
      const Vector lower = V::bit_and(codes, V::set8(15));
      const Vector upper = V::bit_and(V::template shift_right_unsigned16<4>(codes), V::set8(15));
      const Vector fours = unpack8<kRun * kBits / 4>(lower, upper);
      if constexpr (kBits == 4) return V::shuffle(meaning[0], fours);
      return unpack8<kRun % 2>(V::shuffle(meaning[0], fours), V::shuffle(meaning[1], fours));
    }
  }

  const std::uint8_t* rows;
  std::size_t row_bytes;
  std::size_t bytes;  // of all rows
  Vector meaning[2] = {V::zero(), V::zero()};
};

}  // namespace coco_mcu::kernels::x86
