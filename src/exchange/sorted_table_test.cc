// Tables that the test writes itself: all that LevelDB's format allows is read, all damage refused.
#include "exchange/sorted_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/bundle_writer.h"
#include "tests/support/complaint.h"

namespace coco_mcu::exchange {
namespace {

using coco_mcu::testing::complaint;
using testing::append_block;
using testing::block_of;
using testing::Bytes;
using testing::close_table;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::put32;
using testing::put_varint;
using testing::table_of;

std::vector<TableEntry> some_entries() {
  std::vector<TableEntry> entries = {{"", "header"}};
  for (const char* name : {"a", "abc/gamma", "abc/gamma_1", "abc/kernel", "abd", "b", "b/x", "b/y"})
    entries.push_back({name, std::string("value of ") + name});
  entries.push_back({"long", std::string(300, 'v')});  // its size takes two bytes
  return entries;
}

void expect_equal(const std::vector<TableEntry>& got, const std::vector<TableEntry>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].key, wanted[i].key);
    EXPECT_EQ(got[i].value, wanted[i].value) << got[i].key;
  }
}

std::string complaint_about(const Bytes& table) {
  return complaint([&] { read_sorted_table(table, "t.index"); });
}

/// A table of one data block with these contents.
Bytes table_around(const Bytes& block, std::uint8_t compression = 0) {
  Bytes file;
  const std::string handle = append_block(file, block, compression);
  return close_table(std::move(file), block_of(std::vector<TableEntry>{{"z", handle}}));
}

TEST(SortedTable, ReturnsEntriesOfAnyNumberOfBlocks) {
  const std::vector<TableEntry> entries = some_entries();
  for (std::size_t block_entries = 1; block_entries <= entries.size(); ++block_entries) {
    expect_equal(read_sorted_table(table_of(entries, block_entries), "t"), entries);
  }
  EXPECT_THAT(read_sorted_table(table_of({}), "t"), IsEmpty());
}

TEST(SortedTable, ReadsPrefixCompressedKeys) {
  const std::vector<TableEntry> entries = some_entries();
  const Bytes full = block_of(entries, 1);
  const Bytes compressed = block_of(entries, 100);
  EXPECT_LT(compressed.size(), full.size());
  expect_equal(read_sorted_table(table_around(full), "t"), entries);
  expect_equal(read_sorted_table(table_around(compressed), "t"), entries);
}

TEST(SortedTable, RefusesEveryTruncation) {
  const Bytes table = table_of(some_entries());
  for (std::size_t size = 0; size < table.size(); ++size) {
    EXPECT_NE(complaint_about(Bytes(table.begin(), table.begin() + static_cast<long>(size))), "");
  }
}

TEST(SortedTable, NeverReturnsOtherEntriesFromAFlippedBit) {
  const std::vector<TableEntry> entries = some_entries();
  const Bytes table = table_of(entries);
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * table.size(); ++bit) {
    Bytes damaged = table;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    const std::string reason =
        complaint([&] { expect_equal(read_sorted_table(damaged, "t"), entries); });
    refused += reason.empty() ? 0 : 1;
  }
  // Only the meta index block with its handle and the zeros of the footer are not looked at.
  EXPECT_GT(refused, 8 * (table.size() - 60));
}

TEST(SortedTable, NamesADamagedBlock) {
  Bytes table = table_of(some_entries());
  table[4] ^= 1;
  EXPECT_THAT(complaint_about(table), HasSubstr("t.index: the block at byte 0 is damaged"));
}

TEST(SortedTable, RefusesForeignFiles) {
  EXPECT_THAT(complaint_about(Bytes(1000, 'x')),
              HasSubstr("t.index: not the index of a TensorFlow checkpoint"));
  EXPECT_THAT(complaint_about({}), HasSubstr("not the index"));
}

TEST(SortedTable, RefusesCompressionByName) {
  EXPECT_THAT(complaint_about(table_around(block_of(some_entries()), 1)),
              HasSubstr("the block at byte 0 is compressed (snappy); save the checkpoint with"));
  EXPECT_THAT(complaint_about(table_around(block_of(some_entries()), 4)),
              HasSubstr("compressed (unknown method)"));
}

TEST(SortedTable, RefusesKeysOutOfOrder) {
  const std::vector<TableEntry> twice = {{"a", "1"}, {"a", "2"}};
  EXPECT_THAT(complaint_about(table_of(twice)), HasSubstr("not in ascending order"));
  EXPECT_THAT(complaint_about(table_of(twice, 1)), HasSubstr("not in ascending order"));
}

TEST(SortedTable, RefusesBlocksListedTwice) {
  Bytes file;
  const std::string handle = append_block(file, block_of(std::vector<TableEntry>{{"a", "1"}}));
  const std::vector<TableEntry> index = {{"a", handle}, {"b", handle}};
  EXPECT_THAT(complaint_about(close_table(file, block_of(index))), HasSubstr("blocks overlap"));
}

TEST(SortedTable, RefusesHandlesOutsideTheFile) {
  for (const auto& [offset, size] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {1'000'000, 1}, {0, 1'000'000}, {~std::uint64_t{0}, 8}, {8, ~std::uint64_t{0}}}) {
    Bytes handle;
    put_varint(handle, offset);
    put_varint(handle, size);
    const std::vector<TableEntry> index = {{"a", {handle.begin(), handle.end()}}};
    EXPECT_THAT(complaint_about(close_table({}, block_of(index))), HasSubstr("exceeds the file"));
  }
  const std::vector<TableEntry> index = {{"a", "\xff"}};
  EXPECT_THAT(complaint_about(close_table({}, block_of(index))), HasSubstr("in the middle"));
}

/// A block of one entry that claims these sizes.
Bytes entry_block(std::uint64_t shared, std::uint64_t unshared, std::uint64_t value_size) {
  Bytes block;
  for (const std::uint64_t number : {shared, unshared, value_size}) put_varint(block, number);
  block.insert(block.end(), {'k', 'v'});
  put32(block, 0);
  put32(block, 1);
  return block;
}

TEST(SortedTable, RefusesDamagedEntriesWithRightChecksums) {
  EXPECT_EQ(complaint_about(table_around(entry_block(0, 1, 1))), "");
  EXPECT_THAT(complaint_about(table_around(entry_block(1, 1, 1))), HasSubstr("continues what is"));
  EXPECT_THAT(complaint_about(table_around(entry_block(0, 3, 0))), HasSubstr("in the middle"));
  EXPECT_THAT(complaint_about(table_around(entry_block(0, 1, 9))), HasSubstr("in the middle"));
  EXPECT_THAT(complaint_about(table_around(entry_block(0, 5000, 1))),
              HasSubstr("longer than 4096 bytes"));
  EXPECT_THAT(complaint_about(table_around(entry_block(0, ~std::uint64_t{0}, 1))),
              HasSubstr("longer than 4096 bytes"));
  EXPECT_THAT(complaint_about(table_around({})), HasSubstr("too short for its restart"));
  EXPECT_THAT(complaint_about(table_around({0xff, 0xff, 0xff, 0xff})),
              HasSubstr("too short for its restart"));
  Bytes endless(12, 0xff);  // a varint that never ends
  put32(endless, 0);
  EXPECT_THAT(complaint_about(table_around(endless)), HasSubstr("damaged number"));
}

}  // namespace
}  // namespace coco_mcu::exchange
