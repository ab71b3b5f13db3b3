#include "report/utf8.h"

#include <string_view>

#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

TEST(CodePointAt, ReadsOneToFourBytes) {
  EXPECT_EQ(code_point_at("A", 0).value, U'A');
  EXPECT_EQ(code_point_at("±", 0).value, U'±');
  EXPECT_EQ(code_point_at("x→", 1).value, U'→');
  EXPECT_EQ(code_point_at("x→", 1).bytes, 3U);
  EXPECT_EQ(code_point_at("\xF0\x9F\x98\x80", 0).value, char32_t{0x1F600});
}

TEST(CodePointAt, ReplacesWhatIsNoUtf8) {
  // A continuation alone, a sequence cut off, one broken, an overlong slash, a surrogate, too far.
  for (const std::string_view bad : {"\x80", "\xE2\x82", "\xC3(", "\xC0\xAF", "\xED\xA0\x80",
                                     "\xF4\x90\x80\x80", "\xE0\x80\xAF", "\xFF"}) {
    EXPECT_EQ(code_point_at(bad, 0).value, U'\uFFFD');
    EXPECT_EQ(code_point_at(bad, 0).bytes, 1U);
  }
}

TEST(DisplayWidth, CountsWhatATerminalShows) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("plain"), 5U);
  EXPECT_EQ(display_width("±→µ…"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("\xFF\x80"), 2U);
  EXPECT_EQ(display_width("a\xE2\x82"), 3U);
}

}  // namespace
}  // namespace coco_mcu::report
