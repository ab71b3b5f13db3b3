#include "core/crc32.h"

#include <array>

namespace coco_mcu::core {
namespace {

/// The remainder of `value` after `bits` more bits of zeros.
constexpr std::uint32_t remainder_of(std::uint32_t value, int bits) {
  for (int bit = 0; bit < bits; ++bit) {
    value = (value >> 1) ^ ((value & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return value;
}

/// The remainders of the half bytes: 64 bytes of flash instead of the usual 1024.
constexpr std::array<std::uint32_t, 16> half_byte_remainders() {
  std::array<std::uint32_t, 16> table = {};
  for (std::uint32_t i = 0; i < 16; ++i) table[i] = remainder_of(i, 4);
  return table;
}

/// For each of eight bytes side by side its remainders, the last byte's first.
using ByteTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr ByteTables byte_remainders() {
  ByteTables tables = {};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t remainder = i;
    for (auto& table : tables) table[i] = remainder = remainder_of(remainder, 8);
  }
  return tables;
}

constexpr std::array<std::uint32_t, 16> kHalfBytes = half_byte_remainders();

/// Eight bytes at a time (Kounavis and Berry 2005). Returns how many of `size` bytes it has taken.
std::size_t take_eights(const std::uint8_t* data, std::size_t size, std::uint32_t& crc) {
  static constexpr ByteTables kBytes = byte_remainders();
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint32_t next = 0;
    for (std::size_t byte = 0; byte < 8; ++byte) {
      const std::uint32_t of_crc = byte < 4 ? (crc >> (8 * byte)) & 0xFFU : 0U;
      next ^= kBytes[7 - byte][data[i + byte] ^ of_crc];
    }
    crc = next;
  }
  return i;
}

}  // namespace

std::uint32_t crc32(const std::uint8_t* data, std::size_t size, std::uint32_t before) {
  std::uint32_t crc = ~before;
  // Hosts can spare 8 KiB for speed, microcontrollers cannot.
  constexpr bool kIsHost = sizeof(void*) == 8;
  std::size_t i = 0;
  if constexpr (kIsHost) i = take_eights(data, size, crc);
  for (; i < size; ++i) {
    crc ^= data[i];
    crc = (crc >> 4) ^ kHalfBytes[crc & 15U];
    crc = (crc >> 4) ^ kHalfBytes[crc & 15U];
  }
  return ~crc;
}

}  // namespace coco_mcu::core
