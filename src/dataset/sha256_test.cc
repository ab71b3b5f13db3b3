#include "dataset/sha256.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace coco_mcu::dataset {
namespace {

std::string digest(std::string_view text) {
  return sha256(std::vector<std::uint8_t>(text.begin(), text.end()));
}

// The examples that NIST publishes with FIPS 180-4.
TEST(Sha256, MatchesTheStandardsExamples) {
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::vector<std::uint8_t>(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, EveryLengthAroundABlockDiffers) {
  std::string last;
  for (std::size_t size = 50; size < 140; ++size) {
    const std::string now = sha256(std::vector<std::uint8_t>(size, 0));
    EXPECT_EQ(now.size(), 64U);
    EXPECT_NE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace coco_mcu::dataset
