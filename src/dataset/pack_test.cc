#include "dataset/pack.h"

#include <optional>
#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image.h"
#include "tests/support/complaint.h"
#include "tests/support/made_up_pictures.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::dataset {
namespace {

using testing::example;
using ::testing::HasSubstr;
using testing::MadeUpPictures;

class Pack : public ::testing::Test {
 protected:
  PackResult pack(std::vector<Example> examples, std::uint64_t max_bytes = 1'000'000) const {
    PackOptions options;
    options.out = out();
    options.side = 32;
    options.max_bytes = max_bytes;
    options.threads = 2;
    return pack_pictures(MadeUpPictures(std::move(examples)), options, [](auto, auto, auto) {});
  }
  std::filesystem::path out() const { return folder_.path() / "out"; }

  testing::TemporaryFolder folder_;
};

TEST_F(Pack, ScalesTheShortSideDownAndKeepsTheRest) {
  Example wide = example(1, 64, 200, true);
  wide.objects = {{{0.25F, 0.5F, 0.75F, 1.0F}, 0.25F, true}};
  EXPECT_EQ(pack({wide, example(2, 20, 10, std::nullopt), example(3, 40, 32, false)}).pictures, 3);
  const auto packed = open_pictures(out());
  ASSERT_EQ(packed->size(), 3U);
  const Example first = packed->read(0);
  EXPECT_EQ(first.height, 32);
  EXPECT_EQ(first.width, 100);
  EXPECT_EQ(first.label, std::optional(true));
  EXPECT_EQ(first.objects.at(0).box, wide.objects[0].box);
  EXPECT_EQ(first.file_name, "1.jpg");
  EXPECT_EQ(first.id, 1);
  const Image image = decode_image(first.encoded, "packed");
  EXPECT_EQ(image.height, 32);
  EXPECT_EQ(image.width, 100);
  EXPECT_EQ(packed->read(1).height, 20);
  EXPECT_EQ(packed->read(1).label, std::nullopt);
  EXPECT_EQ(packed->read(2).height, 40);
}

TEST_F(Pack, ShardsStayBelowTheirLimit) {
  std::vector<Example> examples;
  for (int i = 0; i < 10; ++i) examples.push_back(example(i, 40, 40, true));
  const PackResult packed = pack(examples, 3000);
  EXPECT_GT(packed.shards, 2);
  std::int64_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(out())) {
    EXPECT_LE(entry.file_size(), 3000U);
    EXPECT_THAT(entry.path().filename().string(), HasSubstr("-of-"));
    ++files;
  }
  EXPECT_EQ(files, packed.shards);
  const auto pictures = open_pictures(out());
  ASSERT_EQ(pictures->size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(pictures->read(i).id, static_cast<int>(i));
}

TEST_F(Pack, RefusesWhatDoesNotFitOrIsThere) {
  EXPECT_THAT(testing::complaint([&] { pack({example(1, 40, 40, true)}, 50); }),
              HasSubstr("more than the 50 of a shard"));
  EXPECT_FALSE(std::filesystem::exists(out()));
  pack({example(1, 40, 40, true)});
  EXPECT_THAT(testing::complaint([&] { pack({example(1, 40, 40, true)}); }),
              HasSubstr("out: is there already"));
}

TEST_F(Pack, PassesOnWhatCannotBeRead) {
  Example broken = example(1, 40, 40, true);
  broken.encoded.clear();
  EXPECT_THAT(testing::complaint([&] { pack({broken}); }), HasSubstr("record 2: damaged"));
}

}  // namespace
}  // namespace coco_mcu::dataset
