#include "dataset/content_hash.h"

#include <string>

#include <gtest/gtest.h>

namespace coco_mcu::dataset {
namespace {

std::string hash_of(std::initializer_list<std::string_view> parts) {
  ContentHash hash;
  for (const std::string_view part : parts) hash.add(part);
  return hash.digits();
}

TEST(ContentHash, HasSixteenDigits) {
  EXPECT_EQ(hash_of({}), "cbf29ce484222325");
  EXPECT_EQ(hash_of({"a"}).size(), 16U);
}

TEST(ContentHash, EveryByteCounts) {
  EXPECT_EQ(hash_of({"abc"}), hash_of({"abc"}));
  EXPECT_NE(hash_of({"abc"}), hash_of({"abd"}));
  EXPECT_NE(hash_of({"\xFF"}), hash_of({"\x7F"}));
}

TEST(ContentHash, PartsDoNotRunIntoEachOther) {
  EXPECT_NE(hash_of({"ab", "c"}), hash_of({"a", "bc"}));
  EXPECT_NE(hash_of({""}), hash_of({}));
}

TEST(ContentHash, EveryBitOfANumberCounts) {
  ContentHash low;
  low.add(std::uint64_t{1});
  ContentHash high;
  high.add(std::uint64_t{1} << 63);
  EXPECT_NE(low.digits(), high.digits());
  EXPECT_NE(low.digits(), hash_of({}));
}

}  // namespace
}  // namespace coco_mcu::dataset
