// AVX-512 VNNI's geometry in plain C++: lets the algorithms of this folder be tested at that width
// where the processor lacks it. Only for tests.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/x86/dot.h"

namespace coco_mcu::kernels::x86 {

/// See Avx2 for what each function means.
struct PortableVector {
  static constexpr const char* kName = "portable";
  static constexpr std::size_t kBytes = 64;
  static constexpr std::size_t kLanes = 16;
  static constexpr std::size_t kTilePixels = 8;
  static constexpr std::size_t kTileVectors = 3;

  struct Vector {
    std::array<std::uint8_t, kBytes> bytes;
  };
  template <int kMagnitude>
  using Dot = QuadDot<PortableVector>;

  template <class Lane>
  using Lanes = std::array<Lane, kBytes / sizeof(Lane)>;
  template <class Lane>
  static Lanes<Lane> lanes(const Vector& v) {
    Lanes<Lane> x;
    std::memcpy(&x, &v, sizeof x);
    return x;
  }
  template <class Lane>
  static Vector vector(const Lanes<Lane>& x) {
    Vector v;
    std::memcpy(&v, &x, sizeof v);
    return v;
  }
  /// Lane i is make(i), wrapped to the lane's bits.
  template <class Lane, class Make>
  static Vector each(const Make& make) {
    Lanes<Lane> x;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<Lane>(make(i));
    return vector<Lane>(x);
  }
  /// Lane by lane from two vectors, in 64 bits.
  template <class Lane, class Operation>
  static Vector both(const Vector& a, const Vector& b, const Operation& operation) {
    const auto x = lanes<Lane>(a);
    const auto y = lanes<Lane>(b);
    return each<Lane>([&](std::size_t i) {
      return operation(static_cast<std::int64_t>(x[i]), static_cast<std::int64_t>(y[i]));
    });
  }

  static Vector load(const void* from) { return load_partial(from, kBytes); }
  static void store(void* to, Vector v) { store_partial(to, v, kBytes); }
  static Vector load_partial(const void* from, std::size_t count) {
    Vector v = zero();
    std::memcpy(&v, from, count);
    return v;
  }
  static void store_partial(void* to, Vector v, std::size_t count) { std::memcpy(to, &v, count); }
  static Vector broadcast32(const void* from) {
    std::int32_t x;
    std::memcpy(&x, from, sizeof x);
    return set32(x);
  }
  static Vector broadcast128(const void* from) {
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    return each<std::uint8_t>([&](std::size_t i) { return bytes[i % 16]; });
  }
  static Vector load_pieces(const std::uint8_t* from, std::size_t pitch) {
    return each<std::uint8_t>([&](std::size_t i) { return from[i / 16 * pitch + i % 16]; });
  }
  static Vector zero() { return Vector{}; }
  static Vector set8(std::uint8_t x) {
    return each<std::uint8_t>([&](std::size_t) { return x; });
  }
  static Vector set16(std::int16_t x) {
    return each<std::int16_t>([&](std::size_t) { return x; });
  }
  static Vector set32(std::int32_t x) {
    return each<std::int32_t>([&](std::size_t) { return x; });
  }

  static Vector as_it_is(Vector v) { return v; }

  static Vector add32(Vector a, Vector b) {
    return both<std::int32_t>(a, b, [](auto x, auto y) { return x + y; });
  }
  static Vector add16(Vector a, Vector b) {
    return both<std::int16_t>(a, b, [](auto x, auto y) { return x + y; });
  }
  static Vector subtract16(Vector a, Vector b) {
    return both<std::int16_t>(a, b, [](auto x, auto y) { return x - y; });
  }
  static Vector subtract8(Vector a, Vector b) {
    return both<std::int8_t>(a, b, [](auto x, auto y) { return x - y; });
  }
  static Vector bit_and(Vector a, Vector b) {
    return both<std::uint8_t>(a, b, [](auto x, auto y) { return x & y; });
  }
  static Vector bit_xor(Vector a, Vector b) {
    return both<std::uint8_t>(a, b, [](auto x, auto y) { return x ^ y; });
  }

  static Vector dot_quads(Vector sum, Vector unsigned8, Vector signed8) {
    const auto x = lanes<std::uint8_t>(unsigned8);
    const auto y = lanes<std::int8_t>(signed8);
    const auto s = lanes<std::int32_t>(sum);
    return each<std::int32_t>([&](std::size_t i) {
      std::int64_t total = s[i];
      for (std::size_t j = 4 * i; j < 4 * i + 4; ++j) total += x[j] * y[j];
      return total;
    });
  }
  static Vector multiply_pairs8(Vector unsigned8, Vector signed8) {
    const auto x = lanes<std::uint8_t>(unsigned8);
    const auto y = lanes<std::int8_t>(signed8);
    return each<std::int16_t>([&](std::size_t i) {
      const int sum = x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1];
      return sum < -32768 ? -32768 : sum > 32767 ? 32767 : sum;
    });
  }
  static Vector multiply_pairs16(Vector a, Vector b) {
    const auto x = lanes<std::int16_t>(a);
    const auto y = lanes<std::int16_t>(b);
    return each<std::int32_t>([&](std::size_t i) {
      return std::int64_t{x[2 * i]} * y[2 * i] + std::int64_t{x[2 * i + 1]} * y[2 * i + 1];
    });
  }
  static Vector multiply_low16(Vector a, Vector b) {
    return both<std::int16_t>(a, b, [](auto x, auto y) { return x * y; });
  }
  static Vector multiply_high16(Vector a, Vector b) {
    return both<std::int16_t>(a, b, [](auto x, auto y) { return (x * y) >> 16; });
  }
  static Vector multiply_high_unsigned16(Vector a, Vector b) {
    return both<std::uint16_t>(a, b, [](auto x, auto y) { return (x * y) >> 16; });
  }

  static Vector shift_left32(Vector v, Vector counts) {
    return both<std::int32_t>(v, counts, [](auto x, auto n) { return x * (std::int64_t{1} << n); });
  }
  static Vector shift_right32(Vector v, Vector counts) {
    return both<std::int32_t>(v, counts, [](auto x, auto n) { return x >> n; });
  }
  template <int kCount>
  static Vector shift_right_unsigned16(Vector v) {
    return both<std::uint16_t>(v, v, [](auto x, auto) { return x >> kCount; });
  }

  static Vector maximum_unsigned8(Vector a, Vector b) {
    return both<std::uint8_t>(a, b, [](auto x, auto y) { return x > y ? x : y; });
  }
  static Vector minimum_unsigned8(Vector a, Vector b) {
    return both<std::uint8_t>(a, b, [](auto x, auto y) { return x < y ? x : y; });
  }

  /// Alternating lanes of the `half`-th 8 of each 16 bytes of both.
  template <class Lane>
  static Vector unpack(const Vector& a, const Vector& b, std::size_t half) {
    constexpr std::size_t kPerGroup = 16 / sizeof(Lane);
    const auto x = lanes<Lane>(a);
    const auto y = lanes<Lane>(b);
    return each<Lane>([&](std::size_t i) {
      const std::size_t from = i / kPerGroup * kPerGroup + half * kPerGroup / 2 + i % kPerGroup / 2;
      return i % 2 == 0 ? x[from] : y[from];
    });
  }
  static Vector unpack_low8(Vector a, Vector b) { return unpack<std::uint8_t>(a, b, 0); }
  static Vector unpack_high8(Vector a, Vector b) { return unpack<std::uint8_t>(a, b, 1); }
  static Vector unpack_low16(Vector a, Vector b) { return unpack<std::uint16_t>(a, b, 0); }
  static Vector unpack_high16(Vector a, Vector b) { return unpack<std::uint16_t>(a, b, 1); }
  static Vector unpack_low32(Vector a, Vector b) { return unpack<std::uint32_t>(a, b, 0); }
  static Vector unpack_high32(Vector a, Vector b) { return unpack<std::uint32_t>(a, b, 1); }
  static Vector unpack_low64(Vector a, Vector b) { return unpack<std::uint64_t>(a, b, 0); }
  static Vector unpack_high64(Vector a, Vector b) { return unpack<std::uint64_t>(a, b, 1); }

  /// Each 16 bytes: lanes of a, then lanes of b, saturated.
  template <class From, class To>
  static Vector pack(const Vector& a, const Vector& b, std::int64_t low, std::int64_t high) {
    constexpr std::size_t kPerGroup = 16 / sizeof(From);
    const auto x = lanes<From>(a);
    const auto y = lanes<From>(b);
    return each<To>([&](std::size_t i) {
      const std::size_t within = i % (2 * kPerGroup);
      const std::size_t group = i / (2 * kPerGroup) * kPerGroup;
      const std::int64_t lane =
          within < kPerGroup ? x[group + within] : y[group + within - kPerGroup];
      return lane < low ? low : lane > high ? high : lane;
    });
  }
  static Vector pack32(Vector a, Vector b) {
    return pack<std::int32_t, std::int16_t>(a, b, -32768, 32767);
  }
  static Vector pack16_unsigned(Vector a, Vector b) {
    return pack<std::int16_t, std::uint8_t>(a, b, 0, 255);
  }

  static Vector shuffle(Vector table, Vector indices) {
    const auto entries = lanes<std::uint8_t>(table);
    const auto at = lanes<std::uint8_t>(indices);
    return each<std::uint8_t>([&](std::size_t i) {
      return at[i] < 128 ? entries[i / 16 * 16 + at[i] % 16] : std::uint8_t{0};
    });
  }
  static Vector select(Vector which, Vector a, Vector b) {
    const auto w = lanes<std::uint8_t>(which);
    const auto x = lanes<std::uint8_t>(a);
    const auto y = lanes<std::uint8_t>(b);
    return each<std::uint8_t>([&](std::size_t i) { return w[i] < 128 ? x[i] : y[i]; });
  }
  template <std::size_t kVectors>
  static void store_codes(std::uint8_t* to, const Vector (&v)[kVectors], Vector low, Vector high,
                          std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::int32_t code = lanes<std::int32_t>(v[i / kLanes])[i % kLanes];
      to[i] =
          static_cast<std::uint8_t>(std::clamp<std::int32_t>(code, low.bytes[0], high.bytes[0]));
    }
  }
  static std::int32_t sum(Vector v) {
    std::uint32_t total = 0;
    for (const std::uint32_t lane : lanes<std::uint32_t>(v)) total += lane;
    return static_cast<std::int32_t>(total);
  }
};

}  // namespace coco_mcu::kernels::x86
