#include "core/crc32.h"

#include <array>

namespace coco_mcu::core {
namespace {

/// The remainders of the sixteen half bytes: 64 bytes of flash instead of the usual 1024.
constexpr std::array<std::uint32_t, 16> half_byte_remainders() {
  std::array<std::uint32_t, 16> table = {};
  for (std::uint32_t i = 0; i < 16; ++i) {
    std::uint32_t remainder = i;
    for (int bit = 0; bit < 4; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1U) != 0 ? 0xEDB88320U : 0U);
    }
    table[i] = remainder;
  }
  return table;
}

constexpr std::array<std::uint32_t, 16> kRemainders = half_byte_remainders();

}  // namespace

std::uint32_t crc32(const std::uint8_t* data, std::size_t size, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= data[i];
    crc = (crc >> 4) ^ kRemainders[crc & 15U];
    crc = (crc >> 4) ^ kRemainders[crc & 15U];
  }
  return ~crc;
}

}  // namespace coco_mcu::core
