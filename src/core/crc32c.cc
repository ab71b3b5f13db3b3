#include "core/crc32c.h"

#include "core/crc_tables.h"

namespace coco_mcu::core {
namespace {

constexpr std::uint32_t kCastagnoli = 0x82F63B78U;
constexpr CrcByteTables kCastagnoliBytes = crc_byte_tables(kCastagnoli);

}  // namespace

std::uint32_t crc32c(std::span<const std::uint8_t> data, std::uint32_t previous) {
  std::uint32_t crc = ~previous;
  std::size_t i = crc_take_eights(kCastagnoliBytes, data.data(), data.size(), crc);
  for (; i < data.size(); ++i) crc = crc >> 8 ^ kCastagnoliBytes[0][(crc ^ data[i]) & 0xFFU];
  return ~crc;
}

}  // namespace coco_mcu::core
