#include "exchange/crc32c.h"

#include <array>

namespace coco_mcu::exchange {
namespace {

constexpr std::uint32_t kReversedPolynomial = 0x82f63b78;

/// For each byte, its remainder: eight steps of the division by the polynomial.
constexpr std::array<std::uint32_t, 256> kRemainders = [] {
  std::array<std::uint32_t, 256> remainders{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? kReversedPolynomial : 0);
    }
    remainders[byte] = remainder;
  }
  return remainders;
}();

}  // namespace

std::uint32_t crc32c(std::span<const std::uint8_t> data, std::uint32_t previous) {
  std::uint32_t crc = ~previous;
  for (const std::uint8_t byte : data) crc = crc >> 8 ^ kRemainders[(crc ^ byte) & 0xff];
  return ~crc;
}

}  // namespace coco_mcu::exchange
