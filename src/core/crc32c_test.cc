#include "core/crc32c.h"

#include <numeric>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace coco_mcu::core {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(Bytes(32, 0x00)), 0x8a9136aaU);
  EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43U);
  Bytes ascending(32);
  std::iota(ascending.begin(), ascending.end(), std::uint8_t{0});
  EXPECT_EQ(crc32c(ascending), 0x46dd794eU);
}

TEST(Crc32c, MatchesTheCheckValue) {
  constexpr std::string_view kDigits = "123456789";
  EXPECT_EQ(crc32c(Bytes(kDigits.begin(), kDigits.end())), 0xe3069283U);
}

TEST(Crc32c, ContinuesWhereItStopped) {
  const Bytes all = {1, 2, 3, 4, 5, 6, 7};
  const std::span<const std::uint8_t> span = all;
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    EXPECT_EQ(crc32c(span.subspan(cut), crc32c(span.first(cut))), crc32c(all));
  }
  EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, IsRotatedRightBy15AndShifted) {
  EXPECT_EQ(masked_crc32c(0), 0xa282ead8U);
  EXPECT_EQ(masked_crc32c(0x8000), 0xa282ead9U);
  EXPECT_EQ(masked_crc32c(1), 0xa284ead8U);
}

}  // namespace
}  // namespace coco_mcu::core
