// CRC-32C (Castagnoli), the checksum of TensorFlow's files: RFC 3720, appendix B.4.
#pragma once

#include <cstdint>
#include <span>

namespace coco_mcu::core {

/// Of `data`, or of what `previous` is the checksum of followed by `data`.
std::uint32_t crc32c(std::span<const std::uint8_t> data, std::uint32_t previous = 0);

/// The form in which TensorFlow and LevelDB store a checksum: rotated and shifted, because the
/// checksum of data that contain their own checksum says little.
constexpr std::uint32_t masked_crc32c(std::uint32_t crc) {
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

}  // namespace coco_mcu::core
