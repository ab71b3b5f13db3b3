#include "core/crc32.h"

#include <array>

#include "core/crc_tables.h"

namespace coco_mcu::core {
namespace {

constexpr std::uint32_t kEthernet = 0xEDB88320U;

/// The remainders of the half bytes: 64 bytes of flash instead of the usual 1024.
constexpr std::array<std::uint32_t, 16> half_byte_remainders() {
  std::array<std::uint32_t, 16> table = {};
  for (std::uint32_t i = 0; i < 16; ++i) table[i] = crc_remainder(kEthernet, i, 4);
  return table;
}

constexpr std::array<std::uint32_t, 16> kHalfBytes = half_byte_remainders();

}  // namespace

std::uint32_t crc32(const std::uint8_t* data, std::size_t size, std::uint32_t before) {
  std::uint32_t crc = ~before;
  // Hosts can spare 8 KiB for speed, microcontrollers cannot.
  constexpr bool kIsHost = sizeof(void*) == 8;
  std::size_t i = 0;
  if constexpr (kIsHost) {
    static constexpr CrcByteTables kBytes = crc_byte_tables(kEthernet);
    i = crc_take_eights(kBytes, data, size, crc);
  }
  for (; i < size; ++i) {
    crc ^= data[i];
    crc = (crc >> 4) ^ kHalfBytes[crc & 15U];
    crc = (crc >> 4) ^ kHalfBytes[crc & 15U];
  }
  return ~crc;
}

}  // namespace coco_mcu::core
