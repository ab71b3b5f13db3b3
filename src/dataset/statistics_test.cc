#include "dataset/statistics.h"

#include <optional>
#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/made_up_pictures.h"

namespace coco_mcu::dataset {
namespace {

using ::testing::ElementsAre;
using testing::example;
using testing::MadeUpPictures;
using ::testing::SizeIs;

DataSetStatistics count(std::vector<Example> examples) {
  return count_pictures(MadeUpPictures(std::move(examples)), 2, [](auto, auto, auto) {});
}

TEST(Statistics, CountLabelsSizesAndObjects) {
  std::vector<Example> examples = {example(1, 10, 40, true), example(2, 30, 20, false),
                                   example(3, 50, 60, std::nullopt), example(4, 70, 80, true)};
  examples[0].objects = {{{}, 0.1F, true}, {{}, 0.1F, false}};
  examples[3].objects = {{{}, 0.1F, true}};
  examples[2].is_weakly_positive = true;
  const DataSetStatistics counted = count(examples);
  EXPECT_EQ(counted.pictures, 4);
  EXPECT_EQ(counted.labelled, 3);
  EXPECT_EQ(counted.with_class, 2);
  EXPECT_EQ(counted.weakly_positive, 1);
  EXPECT_EQ(counted.objects, 3);
  EXPECT_EQ(counted.objects_of_class, 2);
  EXPECT_EQ(counted.objects_per_picture.largest, 2);
  EXPECT_EQ(counted.short_side.smallest, 10);
  EXPECT_EQ(counted.short_side.middle, 20);
  EXPECT_EQ(counted.short_side.largest, 70);
  EXPECT_EQ(counted.long_side.smallest, 30);
  std::int64_t bytes = 0;
  for (const Example& each : examples) bytes += static_cast<std::int64_t>(each.encoded.size());
  EXPECT_EQ(counted.bytes, bytes);
}

TEST(Statistics, FindDuplicates) {
  std::vector<Example> examples = {example(1, 10, 40, true), example(2, 30, 20, false)};
  examples.push_back(examples[0]);
  examples.back().file_name = "again.jpg";
  examples.push_back(examples[0]);
  examples.back().label = false;
  const DataSetStatistics counted = count(examples);
  ASSERT_THAT(counted.duplicates, SizeIs(2));
  EXPECT_EQ(counted.duplicates[0].file, "again.jpg");
  EXPECT_EQ(counted.duplicates[0].same_as, "1.jpg");
  EXPECT_FALSE(counted.duplicates[0].other_label);
  EXPECT_TRUE(counted.duplicates[1].other_label);
}

TEST(Statistics, ListWhatCannotBeRead) {
  std::vector<Example> examples = {example(1, 10, 40, true), example(2, 30, 20, false)};
  examples.push_back(example(3, 10, 10, true));
  examples.back().encoded.clear();
  const DataSetStatistics counted = count(examples);
  EXPECT_EQ(counted.pictures, 3);
  EXPECT_EQ(counted.labelled, 2);
  EXPECT_THAT(counted.unreadable, ElementsAre("shard, record 2: damaged"));
}

TEST(Statistics, OfNothingAreZeros) {
  EXPECT_EQ(count({}).pictures, 0);
  EXPECT_EQ(count({}).short_side.largest, 0);
}

}  // namespace
}  // namespace coco_mcu::dataset
