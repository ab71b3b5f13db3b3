#include "core/crc32.h"

#include <string_view>

#include <gtest/gtest.h>

namespace coco_mcu::core {
namespace {

const std::uint8_t* bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

TEST(Crc32, IsThatOfTheStandardsCheckValue) {
  EXPECT_EQ(crc32(bytes("123456789"), 9), 0xCBF43926U);
}

TEST(Crc32, OfNothingIsZero) {
  EXPECT_EQ(crc32(nullptr, 0), 0U);
}

TEST(Crc32, IsThatOfALongText) {
  EXPECT_EQ(crc32(bytes("The quick brown fox jumps over the lazy dog"), 43), 0x414FA339U);
}

TEST(Crc32, GoesOnWhereItStopped) {
  const std::string_view text = "123456789";
  EXPECT_EQ(crc32(bytes(text) + 4, 5, crc32(bytes(text), 4)), 0xCBF43926U);
}

}  // namespace
}  // namespace coco_mcu::core
