#include "report/svg.h"

#include <string>

#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

TEST(EscapeXml, EscapesMarkup) {
  EXPECT_EQ(escape_xml("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(escape_xml("]]>"), "]]&gt;");
  EXPECT_EQ(escape_xml("&amp;"), "&amp;amp;");
}

TEST(EscapeXml, KeepsUtf8AndReplacesWhatXmlCannotHold) {
  EXPECT_EQ(escape_xml("3 × 3 →"), "3 × 3 →");
  EXPECT_EQ(escape_xml(std::string("a\0b\x01", 4)), "a\uFFFDb\uFFFD");
  EXPECT_EQ(escape_xml("\xFF<"), "\uFFFD&lt;");
  EXPECT_EQ(escape_xml("tab\tline\n"), "tab\tline\n");
}

TEST(Coordinate, IsShort) {
  EXPECT_EQ(coordinate(12.0), "12");
  EXPECT_EQ(coordinate(12.345), "12.3");
  EXPECT_EQ(coordinate(-0.01), "0");
  EXPECT_EQ(coordinate(123456.0), "123456");
}

TEST(TextWidth, GrowsWithTextSizeAndWeight) {
  EXPECT_DOUBLE_EQ(text_width("", 10.0), 0.0);
  EXPECT_LT(text_width("ill", 10.0), text_width("mmm", 10.0));
  EXPECT_DOUBLE_EQ(text_width("abc", 20.0), 2.0 * text_width("abc", 10.0));
  EXPECT_GT(text_width("abc", 10.0, true), text_width("abc", 10.0));
  EXPECT_GE(text_width("depthwise", 10.0), 51.4);  // its width in DejaVu Sans
}

}  // namespace
}  // namespace coco_mcu::report
