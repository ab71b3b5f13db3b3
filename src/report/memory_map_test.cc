#include "report/memory_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MemoryMap, DrawsEachBufferAsABoxWithItsName) {
  const MemoryMap map = {
      "a plan", 1000, 20, {10, 20}, {{"first <layer>", 0, 600, 0, 15}, {"second", 600, 400, 3, 4}}};
  const std::string svg = memory_map_svg(map);
  EXPECT_THAT(svg, HasSubstr("<title>first &lt;layer&gt;: 600 bytes at 0</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>second: 400 bytes at 600</title>"));
  EXPECT_THAT(svg, HasSubstr(">first &lt;layer&gt;</text>"));
}

TEST(MemoryMap, WritesNoNameWhereItDoesNotFit) {
  const MemoryMap map = {"a plan", 100000, 2000, {2000}, {{"a very thin buffer", 0, 60, 0, 1}}};
  EXPECT_THAT(memory_map_svg(map), Not(HasSubstr(">a very thin buffer</text>")));
}

TEST(MemoryCurve, NamesEveryPoint) {
  const std::string svg = memory_curve_svg("RAM", {{"streamed", {{2000, 1.0}, {1000, 2.0}}}});
  EXPECT_THAT(svg, HasSubstr("<title>2,000 bytes, 1 million</title>"));
  EXPECT_THAT(svg, HasSubstr(">1,000</text>"));
  EXPECT_THAT(svg, HasSubstr(">streamed</text>"));
}

}  // namespace
}  // namespace coco_mcu::report
