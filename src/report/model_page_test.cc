#include "report/model_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string page_with(const PageSection& section) {
  return model_page_html({"a <model>", "small & quick", {{"<1", "figure & more"}}, {section}});
}

TEST(ModelPage, EscapesAllText) {
  PageSection section{.title = "T<", .paragraphs = {"a & b"}};
  section.tables.push_back({"", {"c<"}, {{"<script>"}}});
  section.bars = {{}, {{"<layer>", "\"w2\"", {{1, "1 B"}}}}};
  EXPECT_THAT(
      page_with(section),
      AllOf(HasSubstr("<h1>a &lt;model&gt;</h1>"), HasSubstr("small &amp; quick"),
            HasSubstr("<h2>T&lt;</h2>"), HasSubstr("<dt>figure &amp; more</dt><dd>&lt;1</dd>"),
            HasSubstr("<p>a &amp; b</p>"), HasSubstr("<th>c&lt;</th>"),
            HasSubstr("<td>&lt;script&gt;</td>"), HasSubstr("&lt;layer&gt;"),
            HasSubstr("&quot;w2&quot;"), Not(HasSubstr("<script"))));
}

TEST(ModelPage, PicturesAreInsideOfIt) {
  PageSection section{.title = "mistakes"};
  section.pictures = {
      {{'M', 'a', 'n'}, "a.jpg", "said person"}, {{'M', 'a'}, "b.jpg", ""}, {{'M'}, "c.jpg", ""}};
  EXPECT_THAT(page_with(section),
              AllOf(HasSubstr("base64,TWFu\""), HasSubstr("base64,TWE=\""),
                    HasSubstr("base64,TQ==\""), HasSubstr("said person<br/>a.jpg")));
}

TEST(ModelPage, BarsAreRelativeToTheLargest) {
  PageSection section{.title = "bytes"};
  section.bars = {{}, {{"a", "", {{50, "50"}}}, {"b", "", {{200, "200"}}}}};
  EXPECT_THAT(page_with(section),
              AllOf(HasSubstr("width:25%"), HasSubstr("width:100%"), Not(HasSubstr("<i "))));
}

TEST(ModelPage, SeveralSeriesHaveTheirColoursAndALegend) {
  PageSection section{.title = "instructions"};
  section.bars = {{"one <board>", "other"}, {{"a", "", {{50, "50"}, {200, "200"}}}}};
  EXPECT_THAT(page_with(section),
              AllOf(HasSubstr("background:var(--c0)\"></i>one &lt;board&gt;"),
                    HasSubstr("width:25%;background:var(--c0)"),
                    HasSubstr("width:100%;background:var(--c1)"), HasSubstr("50<br/>200")));
}

TEST(ModelPage, BarsOfNothingHaveNoWidth) {
  PageSection section{.title = "bytes"};
  section.bars = {{}, {{"a", "", {{0, "0"}}}}};
  EXPECT_THAT(page_with(section), HasSubstr("width:0%"));
}

TEST(ModelPage, ColumnsOfNumbersAreFlushRight) {
  PageSection section{.title = "table"};
  section.tables.push_back({"", {"name", "bytes"}, {{"a", "1,024"}, {"7", "86.1 %"}}});
  EXPECT_THAT(page_with(section), AllOf(HasSubstr("<th>name</th><th class=\"number\">bytes</th>"),
                                        HasSubstr("<td>7</td><td class=\"number\">86.1 %</td>")));
}

TEST(Roc, RunsFromCornerToCornerWithADotAtTheThreshold) {
  const std::string svg = roc_svg({{"mine", {{0, 0}, {0, 1}, {1, 1}}, {0.5, 1}}});
  EXPECT_THAT(svg, AllOf(HasSubstr("M40 310L40 10L340 10"), HasSubstr("cx=\"190\" cy=\"10\""),
                         HasSubstr(">mine</text>")));
}

}  // namespace
}  // namespace coco_mcu::report
