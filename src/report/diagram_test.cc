#include "report/diagram.h"

#include <algorithm>
#include <random>
#include <stdexcept>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/diagram_layout.h"

namespace coco_mcu::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A random graph whose blocks differ in size; most continue the block before them.
Diagram random_diagram(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&random](int limit) { return static_cast<int>(random() % limit); };
  Diagram diagram;
  const int count = 2 + below(24);
  for (int i = 0; i < count; ++i) {
    DiagramBlock block;
    block.title = fmt::format("block_{}", i);
    if (i > 0) block.inputs.push_back(below(4) > 0 ? i - 1 : below(i));
    for (int extra = below(3); extra > 0 && i > 1; --extra) block.inputs.push_back(below(i));
    for (int part = below(9); part > 0; --part) block.parts.push_back({"depthwise 5x5", "x"});
    for (int line = below(3); line > 0; --line) block.lines.emplace_back("a fact");
    block.macs = below(2) * 12345;
    block.output = "86x86x16";
    diagram.blocks.push_back(block);
  }
  return diagram;
}

/// Whether a horizontal or vertical stretch runs through the inside of a box.
bool runs_through(Point a, Point b, const Box& box) {
  return std::max(a.x, b.x) > box.x + 0.5 && std::min(a.x, b.x) < box.right() - 0.5 &&
         std::max(a.y, b.y) > box.y + 0.5 && std::min(a.y, b.y) < box.bottom() - 0.5;
}

bool overlap(const Box& a, const Box& b) {
  return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom();
}

TEST(LayOut, BlocksOfRandomGraphsDoNotOverlap) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const Diagram diagram = random_diagram(seed);
    const DiagramLayout layout = lay_out(diagram, arrange(diagram.blocks));
    for (std::size_t i = 0; i < layout.blocks.size(); ++i) {
      const Box& box = layout.blocks[i].box;
      EXPECT_GE(box.x, 0.0);
      EXPECT_LE(box.right(), layout.width + 0.01);
      EXPECT_LE(box.bottom(), layout.height);
      for (std::size_t j = 0; j < i; ++j) {
        EXPECT_FALSE(overlap(box, layout.blocks[j].box)) << "seed " << seed;
      }
    }
  }
}

TEST(LayOut, ConnectionsOfRandomGraphsRunThroughNoBlock) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const Diagram diagram = random_diagram(seed);
    const DiagramLayout layout = lay_out(diagram, arrange(diagram.blocks));
    for (const std::vector<Point>& line : layout.lines) {
      for (std::size_t i = 1; i < line.size(); ++i) {
        EXPECT_TRUE(line[i].x == line[i - 1].x || line[i].y == line[i - 1].y) << "seed " << seed;
        EXPECT_GE(line[i].x, 0.0);
        EXPECT_LE(line[i].x, layout.width);
        for (const PlacedBlock& block : layout.blocks) {
          EXPECT_FALSE(runs_through(line[i - 1], line[i], block.box)) << "seed " << seed;
        }
      }
    }
  }
}

TEST(LayOut, ConnectionsLeadFromTheSourceToTheTarget) {
  const Diagram diagram = random_diagram(7);
  const Grid grid = arrange(diagram.blocks);
  const DiagramLayout layout = lay_out(diagram, grid);
  ASSERT_EQ(layout.lines.size(), grid.connections.size());
  for (std::size_t i = 0; i < layout.lines.size(); ++i) {
    const Box& source = layout.blocks[grid.connections[i].from].box;
    const Box& target = layout.blocks[grid.connections[i].to].box;
    EXPECT_DOUBLE_EQ(layout.lines[i].front().y, source.bottom());
    const Point end = layout.lines[i].back();
    EXPECT_GE(end.x, target.x);
    EXPECT_LE(end.x, target.right());
    EXPECT_GE(end.y, target.y);
    EXPECT_LE(end.y, target.bottom());
  }
}

TEST(LayOut, ChipsStayInsideTheirBlockAndApart) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const Diagram diagram = random_diagram(seed);
    const DiagramLayout layout = lay_out(diagram, arrange(diagram.blocks));
    for (const PlacedBlock& block : layout.blocks) {
      for (std::size_t i = 0; i < block.chips.size(); ++i) {
        EXPECT_GT(block.chips[i].x, block.box.x);
        EXPECT_LT(block.chips[i].right(), block.box.right());
        EXPECT_LT(block.chips[i].bottom(), block.box.bottom());
        EXPECT_FALSE(i > 0 && overlap(block.chips[i], block.chips[i - 1]));
      }
    }
  }
}

Diagram small_diagram() {
  Diagram diagram{.title = "net <1>", .subtitle = "a & b", .blocks = {}};
  diagram.blocks.push_back(
      {.title = "input", .lines = {}, .kind = "", .inputs = {}, .parts = {}, .output = "4x4x3"});
  diagram.blocks.push_back({.title = "first",
                            .lines = {"8 > 4 \"filters\""},
                            .kind = "stem",
                            .inputs = {0},
                            .parts = {{"conv 3x3", "convolution"}, {"relu", "activation"}},
                            .output = "4x4x8",
                            .macs = 3000,
                            .parameters = 216});
  diagram.blocks.push_back({.title = "last",
                            .lines = {},
                            .kind = "stem",
                            .inputs = {1},
                            .parts = {{"conv 1x1", "convolution"}},
                            .output = "4x4x2",
                            .macs = 1000,
                            .parameters = 16});
  return diagram;
}

TEST(DiagramSvg, WritesTitlesPartsShapesAndCosts) {
  const std::string svg = diagram_svg(small_diagram());
  for (const char* text : {">first<", ">conv 3x3<", ">relu<", ">4x4x8<", ">4x4x2<", ">3,000 MACs<",
                           ">75.0 %<", ">216 parameters<", ">6.9 %<", ">convolution<", ">stem<"}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
}

TEST(DiagramSvg, EscapesWhatItIsGiven) {
  const std::string svg = diagram_svg(small_diagram());
  EXPECT_THAT(svg, HasSubstr("<title>net &lt;1&gt;</title>"));
  EXPECT_THAT(svg, HasSubstr("a &amp; b"));
  EXPECT_THAT(svg, HasSubstr("8 &gt; 4 &quot;filters&quot;"));
  EXPECT_THAT(svg, Not(HasSubstr("net <1>")));
}

TEST(DiagramSvg, IsOneDocumentForLightAndDark) {
  const std::string svg = diagram_svg(small_diagram());
  EXPECT_TRUE(svg.starts_with("<svg xmlns="));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("@media (prefers-color-scheme:dark)"));
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_EQ(svg, diagram_svg(small_diagram()));
}

TEST(DiagramSvg, ClosesEveryElement) {
  const std::string svg = diagram_svg(random_diagram(3));
  const auto count = [&svg](std::string_view text) {
    int found = 0;
    for (std::size_t at = svg.find(text); at != std::string::npos; at = svg.find(text, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("<g>") + count("<g "), count("</g>"));
  EXPECT_EQ(count("<text"), count("</text>"));
  EXPECT_EQ(count("<rect") + count("<path"), count("/>"));
  EXPECT_EQ(count("nan"), 0);
}

TEST(DiagramSvg, ABlockWithoutCostsHasNoBars) {
  Diagram diagram = small_diagram();
  diagram.blocks.resize(1);
  EXPECT_THAT(diagram_svg(diagram), Not(HasSubstr("MACs")));
}

TEST(DiagramSvg, NamesTheBlockWhoseInputIsWrong) {
  Diagram diagram = small_diagram();
  diagram.blocks[1].inputs = {2};
  EXPECT_THAT([&] { diagram_svg(diagram); },
              testing::ThrowsMessage<std::invalid_argument>(HasSubstr("block 1 (first)")));
  EXPECT_THROW(diagram_svg({}), std::invalid_argument);
}

}  // namespace
}  // namespace coco_mcu::report
