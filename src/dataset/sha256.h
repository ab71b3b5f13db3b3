// SHA-256 (FIPS 180-4): what tells equal pictures apart from others.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace coco_mcu::dataset {

/// 64 hexadecimal digits, small letters.
std::string sha256(std::span<const std::uint8_t> bytes);

}  // namespace coco_mcu::dataset
