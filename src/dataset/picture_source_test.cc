#include "dataset/picture_source.h"

#include <fstream>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image.h"
#include "dataset/tf_example.h"
#include "dataset/tfrecord.h"
#include "tests/support/complaint.h"
#include "tests/support/gradient.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::dataset {
namespace {

using coco_mcu::testing::complaint;
using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

Example example(int number) {
  Example result;
  result.file_name = "picture" + std::to_string(number) + ".jpg";
  result.id = number;
  result.height = 16;
  result.width = 16 + number;
  result.label = number % 2 == 0;
  if (*result.label) result.objects = {{{0.1F, 0.2F, 0.6F, 0.7F}, 0.25F, true}};
  result.encoded = encode_jpeg({16, 16 + number, coco_mcu::testing::gradient(16, 16 + number)}, 90);
  return result;
}

class Sources : public ::testing::Test {
 protected:
  fs::path path(const std::string& name) const { return folder_.path() / name; }

  void write(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  void write_shard(const std::string& name, const std::vector<int>& numbers) const {
    std::vector<std::uint8_t> bytes;
    for (const int number : numbers) {
      const auto record = frame_record(serialize_example(example(number)));
      bytes.insert(bytes.end(), record.begin(), record.end());
    }
    write(name, bytes);
  }
  /// Annotations of three pictures, the second with a person as large as `side` pixels.
  std::string write_annotated(int side = 8) const {
    for (int number = 1; number <= 3; ++number) {
      write(example(number).file_name, example(number).encoded);
    }
    std::ofstream(path("instances.json"))
        << R"({"images": [{"id": 1, "file_name": "picture1.jpg", "height": 16, "width": 17},
                          {"id": 2, "file_name": "picture2.jpg", "height": 16, "width": 18},
                          {"id": 3, "file_name": "picture3.jpg", "height": 16, "width": 19}],
               "annotations": [{"id": 1, "image_id": 2, "category_id": 1, "area": 9, "iscrowd": 0,
                                "bbox": [0, 0, 9, )"
        << side << R"(]}],
               "categories": [{"id": 1, "name": "person"}]})";
    return path("instances.json").string() + ":" + folder_.path().string();
  }

  coco_mcu::testing::TemporaryFolder folder_;
  std::string where_ = folder_.path().string();
};

TEST_F(Sources, ShardsAreReadInTheOrderOfTheirNames) {
  write_shard("pictures-00001-of-00002.tfrecord", {3, 4, 5});
  write_shard("pictures-00000-of-00002.tfrecord", {1, 2});
  const auto source = open_pictures(where_);
  ASSERT_EQ(source->size(), 5U);
  for (int i = 0; i < 5; ++i) {
    const Example read = source->read(static_cast<std::size_t>(i));
    EXPECT_EQ(read.file_name, example(i + 1).file_name);
    EXPECT_EQ(read.encoded, example(i + 1).encoded);
    EXPECT_EQ(read.label, example(i + 1).label);
  }
}

TEST_F(Sources, AllEndingsOfShardsAreKnown) {
  write_shard("a.record", {1});
  write_shard("b.tfrecord", {2});
  write_shard("train.record-00000-of-00001", {3});
  write("notes.txt", {'x'});
  write("dataset.json", {'{', '}'});
  EXPECT_EQ(open_pictures(where_)->size(), 3U);
}

TEST_F(Sources, AnEmptyShardIsPassedOver) {
  write_shard("a-00000-of-00003", {});
  write_shard("a-00001-of-00003", {7});
  write_shard("a-00002-of-00003", {});
  const auto source = open_pictures(where_);
  ASSERT_EQ(source->size(), 1U);
  EXPECT_EQ(source->read(0).id, 7);
}

TEST_F(Sources, BehindTheLastPictureIsNothing) {
  write_shard("a.tfrecord", {1});
  EXPECT_THROW(open_pictures(where_)->read(1), std::out_of_range);
  EXPECT_THROW(open_pictures(write_annotated())->read(3), std::out_of_range);
}

TEST_F(Sources, AMissingShardIsNoticed) {
  write_shard("a-00000-of-00003", {1});
  write_shard("a-00002-of-00003", {2});
  EXPECT_THAT(complaint([&] { open_pictures(where_); }),
              HasSubstr(where_ + ": 2 of the 3 shards of a-of-00003 are there"));
}

TEST_F(Sources, TwoDataSetsInAFolderAreNotMixed) {
  write_shard("train.record-00000-of-00001", {1});
  write_shard("val.record-00000-of-00001", {2});
  EXPECT_THAT(complaint([&] { open_pictures(where_); }),
              AllOf(HasSubstr("several data sets"), HasSubstr("train.record-of-00001")));
}

TEST_F(Sources, WhereNothingIsToReadTheWayIsShown) {
  EXPECT_THAT(complaint([&] { open_pictures(where_); }),
              AllOf(HasSubstr(where_ + ": holds no TFRecord shards"), HasSubstr("dataset build")));
  EXPECT_THAT(complaint([&] { open_pictures(path("absent")); }), HasSubstr("is no folder"));
  write_shard("a.tfrecord", {});
  EXPECT_THAT(complaint([&] { open_pictures(where_); }), HasSubstr("hold no pictures"));
}

TEST_F(Sources, ADamagedRecordIsNamed) {
  write_shard("a.tfrecord", {1, 2});
  const auto size = static_cast<std::streamoff>(fs::file_size(path("a.tfrecord")));
  std::fstream file(path("a.tfrecord"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(size - 40);
  file.put('\x55').put('\x55').put('\x55');
  file.close();
  const auto source = open_pictures(where_);
  EXPECT_EQ(source->read(0).id, 1);
  EXPECT_THAT(complaint([&] { source->read(1); }), HasSubstr("a.tfrecord, record 1"));
}

TEST_F(Sources, AnnotationsAndTheirFolderAreASource) {
  const auto source = open_pictures(write_annotated());
  ASSERT_EQ(source->size(), 3U);
  EXPECT_EQ(source->read(0).label, false);
  const Example person = source->read(1);
  EXPECT_EQ(person.label, true);
  EXPECT_EQ(person.encoded, example(2).encoded);
  ASSERT_EQ(person.objects.size(), 1U);
  EXPECT_FLOAT_EQ(person.objects[0].box.xmax, 0.5F);
}

TEST_F(Sources, TheRuleLabels) {
  const auto source = open_pictures(write_annotated(), {.min_area = 0.9});
  EXPECT_EQ(source->read(1).label, false);
}

TEST_F(Sources, AMissingPictureIsNamed) {
  const auto source = open_pictures(write_annotated());
  fs::remove(path("picture2.jpg"));
  EXPECT_THAT(complaint([&] { source->read(1); }), HasSubstr("picture2.jpg: cannot be read"));
  EXPECT_EQ(source->read(2).id, 3);
}

TEST_F(Sources, AMissingFolderIsNamed) {
  write_annotated();
  EXPECT_THAT(complaint([&] { open_pictures(path("instances.json").string() + ":/absent"); }),
              HasSubstr("/absent: is no folder"));
}

TEST_F(Sources, TheHashOfShardsIsThatOfTheirContent) {
  write_shard("a.tfrecord", {1, 2});
  const std::string hash = open_pictures(where_)->hash();
  EXPECT_EQ(hash.size(), 16U);
  EXPECT_EQ(open_pictures(where_)->hash(), hash);
  write_shard("a.tfrecord", {2, 1});
  EXPECT_NE(open_pictures(where_)->hash(), hash);
}

TEST_F(Sources, TheHashOfAFolderChangesWithBoxesAndPictures) {
  const std::string hash = open_pictures(write_annotated())->hash();
  EXPECT_EQ(open_pictures(write_annotated())->hash(), hash);
  EXPECT_NE(open_pictures(write_annotated(7))->hash(), hash);
  const std::string where = write_annotated();
  write("picture3.jpg", {1, 2, 3});
  EXPECT_NE(open_pictures(where)->hash(), hash);
}

TEST_F(Sources, SeveralAreOne) {
  write_shard("a.tfrecord", {1, 2});
  const auto source = open_all_pictures({{where_}, {write_annotated()}});
  ASSERT_EQ(source->size(), 5U);
  EXPECT_EQ(source->read(1).id, 2);
  EXPECT_EQ(source->read(2).id, 1);
  EXPECT_EQ(source->read(4).id, 3);
}

TEST_F(Sources, LabelsCanBeLeftOut) {
  write_shard("a.tfrecord", {2});
  const auto source = open_all_pictures({{where_}, {where_, false}});
  EXPECT_EQ(source->read(0).label, true);
  EXPECT_EQ(source->read(0).objects.size(), 1U);
  EXPECT_EQ(source->read(1).label, std::nullopt);
  EXPECT_TRUE(source->read(1).objects.empty());
  EXPECT_NE(open_all_pictures({{where_}, {where_}})->hash(), source->hash());
}

TEST_F(Sources, NoneIsRefused) {
  EXPECT_THROW(open_all_pictures({}), std::runtime_error);
}

}  // namespace
}  // namespace coco_mcu::dataset
