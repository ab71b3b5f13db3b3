// What the two checksums of 32 bits share: remainders of the division by a polynomial, computed
// when the program is compiled. Freestanding.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace coco_mcu::core {

/// The remainder of `value` after `bits` more bits of zeros; lowest bit first ("reflected").
constexpr std::uint32_t crc_remainder(std::uint32_t polynomial, std::uint32_t value, int bits) {
  for (int bit = 0; bit < bits; ++bit) {
    value = (value >> 1) ^ ((value & 1U) != 0 ? polynomial : 0U);
  }
  return value;
}

/// For each of eight bytes side by side its remainders, the last byte's first.
using CrcByteTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr CrcByteTables crc_byte_tables(std::uint32_t polynomial) {
  CrcByteTables tables = {};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t remainder = i;
    for (auto& table : tables) table[i] = remainder = crc_remainder(polynomial, remainder, 8);
  }
  return tables;
}

/// Eight bytes at a time (Kounavis and Berry 2005). Returns how many of `size` bytes it has taken.
constexpr std::size_t crc_take_eights(const CrcByteTables& tables, const std::uint8_t* data,
                                      std::size_t size, std::uint32_t& crc) {
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint32_t next = 0;
    for (std::size_t byte = 0; byte < 8; ++byte) {
      const std::uint32_t of_crc = byte < 4 ? (crc >> (8 * byte)) & 0xFFU : 0U;
      next ^= tables[7 - byte][data[i + byte] ^ of_crc];
    }
    crc = next;
  }
  return i;
}

}  // namespace coco_mcu::core
