#include "report/font.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

std::string glyph(char32_t code) {
  std::string dots;
  for (int row = 0; row < kGlyphHeight; ++row) {
    for (int column = 0; column < kGlyphWidth; ++column) {
      dots += glyph_has_ink(code, row, column) ? '#' : '.';
    }
    dots += '\n';
  }
  return dots;
}

TEST(Font, EveryPrintableSignHasAGlyphOfItsOwn) {
  std::set<std::string> seen;
  for (char32_t code = U' '; code <= U'~'; ++code) {
    EXPECT_TRUE(seen.insert(glyph(code)).second) << "glyph of code " << static_cast<int>(code);
  }
  EXPECT_EQ(glyph(U' ').find('#'), std::string::npos);
}

TEST(Font, FindsGlyphsByTheirCode) {
  EXPECT_EQ(glyph(U'T'), "#####\n..#..\n..#..\n..#..\n..#..\n..#..\n..#..\n.....\n.....\n");
  EXPECT_EQ(glyph(U'g'), ".....\n.....\n.####\n#...#\n#...#\n#...#\n.####\n....#\n.###.\n");
  EXPECT_EQ(glyph(U'7'), "#####\n....#\n...#.\n...#.\n..#..\n..#..\n..#..\n.....\n.....\n");
}

TEST(Font, AnythingElseIsABox) {
  const std::string box = "#####\n#...#\n#...#\n#...#\n#...#\n#...#\n#####\n.....\n.....\n";
  EXPECT_EQ(glyph(U'\x7F'), box);
  EXPECT_EQ(glyph(U'é'), box);
  EXPECT_EQ(glyph(U'\n'), box);
}

}  // namespace
}  // namespace coco_mcu::report
