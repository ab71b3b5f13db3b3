// CRC-32 (IEEE 802.3, reflected polynomial EDB88320), as zlib and Ethernet compute it.
// Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::core {

/// The checksum of `size` bytes that follow on bytes of checksum `before` (0 at the beginning).
std::uint32_t crc32(const std::uint8_t* data, std::size_t size, std::uint32_t before = 0);

}  // namespace coco_mcu::core
