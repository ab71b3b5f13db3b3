#include "report/table.h"

#include <cstdint>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

TEST(Table, AlignsColumnsAndEndsLinesWithoutSpace) {
  Table table({{"block"}, {"output"}, {"MACs", Align::kRight}});
  table.row({"first_layer", "86x86x8", "1,597,536"});
  table.row({"add", "", "0"});
  table.row({"short"});
  EXPECT_EQ(table.text(),
            "block        output        MACs\n"
            "-----------  -------  ---------\n"
            "first_layer  86x86x8  1,597,536\n"
            "add                           0\n"
            "short\n");
}

TEST(Table, SectionsSeparatorsAndTotals) {
  Table table({{"name"}, {"n", Align::kRight}});
  table.total({"total", "12"});
  table.section("a section with a long title");
  table.row({"x", "5"});
  table.separator();
  table.row({"y", "7"});
  EXPECT_EQ(table.text(),
            "name    n\n"
            "-----  --\n"
            "a section with a long title\n"
            "x       5\n"
            "-----  --\n"
            "y       7\n"
            "-----  --\n"
            "total  12\n");
}

TEST(Table, WithoutHeaders) {
  Table table({{""}, {"", Align::kRight}});
  table.row({"accuracy", "88.9 %"});
  table.row({"n", "216"});
  EXPECT_EQ(table.text(),
            "accuracy  88.9 %\n"
            "n            216\n");
}

TEST(Table, AlignsBySignsNotBytes) {
  Table table({{"what"}, {"value", Align::kRight}});
  table.row({"3 × 3", "±3.6"});
  table.row({"日本", "1"});
  EXPECT_EQ(table.text(),
            "what   value\n"
            "-----  -----\n"
            "3 × 3   ±3.6\n"
            "日本       1\n");
}

TEST(Table, RefusesTooManyCells) {
  Table table({{"one"}});
  EXPECT_THROW(table.row({"a", "b"}), std::invalid_argument);
  EXPECT_THROW(table.total({"a", "b"}), std::invalid_argument);
}

TEST(Thousands, GroupsDigits) {
  EXPECT_EQ(thousands(0), "0");
  EXPECT_EQ(thousands(999), "999");
  EXPECT_EQ(thousands(1000), "1,000");
  EXPECT_EQ(thousands(46959296), "46,959,296");
  EXPECT_EQ(thousands(-999), "-999");
  EXPECT_EQ(thousands(-123456), "-123,456");
  EXPECT_EQ(thousands(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(ByteSize, ChoosesTheUnit) {
  EXPECT_EQ(byte_size(0), "0 B");
  EXPECT_EQ(byte_size(1023), "1023 B");
  EXPECT_EQ(byte_size(1024), "1.0 KiB");
  EXPECT_EQ(byte_size(255776), "249.8 KiB");
  EXPECT_EQ(byte_size(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(byte_size(std::int64_t{3} << 30), "3.0 GiB");
  EXPECT_EQ(byte_size(-2048), "-2.0 KiB");
}

}  // namespace
}  // namespace coco_mcu::report
