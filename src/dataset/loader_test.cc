#include "dataset/loader.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/complaint.h"

namespace coco_mcu::dataset {
namespace {

constexpr int kHeight = 12;
constexpr int kWidth = 16;

/// Pictures of one colour each, red 2 * index; every third shows a person, every fifth is not
/// labelled.
class ColouredPictures : public PictureSource {
 public:
  explicit ColouredPictures(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Image image{20, 30, {}};
      for (int pixel = 0; pixel < 20 * 30; ++pixel) {
        image.rgb.push_back(static_cast<std::uint8_t>(2 * i));
        image.rgb.push_back(static_cast<std::uint8_t>(pixel % 30 * 8));
        image.rgb.push_back(static_cast<std::uint8_t>(pixel / 30 * 12));
      }
      Example example;
      example.file_name = "picture" + std::to_string(i) + ".jpg";
      if (i % 5 != 0) example.label = i % 3 == 0;
      example.is_weakly_positive = i % 2 == 0;
      example.encoded = encode_jpeg(image, 95);
      examples_.push_back(std::move(example));
    }
  }

  std::size_t size() const override { return examples_.size(); }
  Example read(std::size_t index) const override {
    ++reads;
    if (std::ranges::count(broken, index) > 0) {
      throw std::runtime_error(examples_[index].file_name + ": is missing");
    }
    if (slow) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return examples_[index];
  }
  std::string hash() const override { return "0000000000000000"; }

  mutable std::atomic<int> reads = 0;
  std::vector<std::size_t> broken;
  bool slow = false;

 private:
  std::vector<Example> examples_;
};

LoaderOptions options_for_tests() {
  LoaderOptions options;
  options.preprocessing = {.height = kHeight, .width = kWidth};
  options.augmentation = {.crop_scale = 1.25, .horizontal_flip = true, .brightness = 0.1};
  options.seed = 7;
  options.batch_size = 8;
  return options;
}

std::vector<Batch> all_batches(Loader& loader, std::int64_t epoch, std::int64_t first = 0) {
  loader.start(epoch, first);
  std::vector<Batch> batches;
  while (auto batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

std::vector<Batch> all_batches(const PictureSource& source, const LoaderOptions& options,
                               std::int64_t epoch = 0, std::int64_t first = 0) {
  Loader loader(source, nullptr, options);
  return all_batches(loader, epoch, first);
}

/// NaN, which equals nothing, as bits.
std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> result(values.size());
  std::memcpy(result.data(), values.data(), values.size() * sizeof(float));
  return result;
}

void expect_equal(const Batch& first, const Batch& second) {
  EXPECT_EQ(first.indices, second.indices);
  EXPECT_EQ(first.pixels, second.pixels);
  EXPECT_EQ(bits(first.labels), bits(second.labels));
  EXPECT_EQ(bits(first.teacher), bits(second.teacher));
}

void expect_equal(const std::vector<Batch>& first, const std::vector<Batch>& second) {
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) expect_equal(first[i], second[i]);
}

std::vector<std::uint32_t> indices_of(const std::vector<Batch>& batches) {
  std::vector<std::uint32_t> indices;
  for (const Batch& batch : batches) {
    indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
  }
  return indices;
}

TEST(Loader, EachPictureComesOnceAnEpoch) {
  const ColouredPictures source(40);
  std::vector<std::uint32_t> indices = indices_of(all_batches(source, options_for_tests()));
  EXPECT_FALSE(std::ranges::is_sorted(indices));
  std::ranges::sort(indices);
  ASSERT_EQ(indices.size(), 40U);
  for (std::uint32_t i = 0; i < 40; ++i) EXPECT_EQ(indices[i], i);
}

TEST(Loader, WithoutShufflingTheOrderIsTheSources) {
  const ColouredPictures source(24);
  LoaderOptions options = options_for_tests();
  options.shuffled = false;
  EXPECT_TRUE(std::ranges::is_sorted(indices_of(all_batches(source, options))));
}

TEST(Loader, AnIncompleteBatchIsLeftOut) {
  const ColouredPictures source(21);
  LoaderOptions options = options_for_tests();
  EXPECT_EQ(Loader(source, nullptr, options).batches_per_epoch(), 2);
  EXPECT_EQ(indices_of(all_batches(source, options)).size(), 16U);
}

TEST(Loader, AnIncompleteBatchIsKept) {
  const ColouredPictures source(21);
  LoaderOptions options = options_for_tests();
  options.drop_last = false;
  const std::vector<Batch> batches = all_batches(source, options);
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[2].indices.size(), 5U);
  EXPECT_EQ(batches[2].pixels.size(), 5U * kHeight * kWidth * 3);
  EXPECT_EQ(batches[2].labels.size(), 5U);
}

TEST(Loader, WithoutAugmentationPicturesArePreparedAsForTheNetwork) {
  const ColouredPictures source(16);
  LoaderOptions options = options_for_tests();
  options.augmentation.reset();
  for (const Batch& batch : all_batches(source, options)) {
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const Example example = source.read(batch.indices[i]);
      const Image expected = prepare(decode_image(example.encoded, "a"), options.preprocessing);
      EXPECT_TRUE(
          std::equal(expected.rgb.begin(), expected.rgb.end(),
                     batch.pixels.begin() + static_cast<std::ptrdiff_t>(i * expected.rgb.size())));
    }
  }
}

TEST(Loader, APictureIsMadeFromItsOwnStream) {
  const ColouredPictures source(16);
  const LoaderOptions options = options_for_tests();
  constexpr std::uint64_t kEpoch = 3;
  const std::vector<Batch> batches = all_batches(source, options, kEpoch);
  const std::uint32_t index = batches[1].indices[2];
  const Example example = source.read(index);
  Random random({options.seed, kEpoch, index});
  const PreparedPicture expected =
      prepare_picture(decode_image(example.encoded, "a"), example, options.preprocessing,
                      &*options.augmentation, random);
  EXPECT_TRUE(std::equal(
      expected.image.rgb.begin(), expected.image.rgb.end(),
      batches[1].pixels.begin() + static_cast<std::ptrdiff_t>(2 * expected.image.rgb.size())));
}

TEST(Loader, LabelsStandBesideTheirPictures) {
  const ColouredPictures source(40);
  for (const Batch& batch : all_batches(source, options_for_tests())) {
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const std::uint32_t index = batch.indices[i];
      if (index % 5 == 0) {
        EXPECT_TRUE(std::isnan(batch.labels[i]));
      } else {
        EXPECT_EQ(batch.labels[i], index % 3 == 0 ? 1.0F : 0.0F);
      }
      EXPECT_TRUE(std::isnan(batch.teacher[i]));
    }
  }
}

TEST(Loader, TheTeacherStandsBesideItsPictures) {
  const ColouredPictures source(8);
  TeacherProbabilities teacher;
  teacher.add_text(
      R"({"images": {"picture1.jpg": 0.25, "picture2.jpg": 0.25, "picture4.jpg": 0.75}})", "t", "");
  LoaderOptions options = options_for_tests();
  options.shuffled = false;
  options.weak_positive_floor = 0.5;
  Loader loader(source, &teacher, options);
  loader.start(0);
  const Batch batch = loader.next().value();
  EXPECT_EQ(batch.teacher[1], 0.25F);
  EXPECT_EQ(batch.teacher[2], 0.5F) << "weakly positive and raised";
  EXPECT_EQ(batch.teacher[4], 0.75F) << "weakly positive and above the floor";
  EXPECT_TRUE(std::isnan(batch.teacher[0])) << "weakly positive without teacher";
  EXPECT_TRUE(std::isnan(batch.teacher[3]));
}

TEST(Loader, TheNumberOfThreadsChangesNothing) {
  const ColouredPictures source(40);
  LoaderOptions options = options_for_tests();
  options.threads = 1;
  const std::vector<Batch> one = all_batches(source, options, 2);
  for (const int threads : {2, 5}) {
    options.threads = threads;
    options.prefetch = threads;
    expect_equal(all_batches(source, options, 2), one);
  }
}

TEST(Loader, EpochsAndSeedsDiffer) {
  const ColouredPictures source(40);
  LoaderOptions options = options_for_tests();
  const std::vector<Batch> first = all_batches(source, options, 0);
  EXPECT_NE(indices_of(all_batches(source, options, 1)), indices_of(first));
  options.seed = 8;
  EXPECT_NE(indices_of(all_batches(source, options, 0)), indices_of(first));
}

TEST(Loader, APictureIsAugmentedAnewEachEpoch) {
  const ColouredPictures source(8);
  LoaderOptions options = options_for_tests();
  options.shuffled = false;
  EXPECT_NE(all_batches(source, options, 0)[0].pixels, all_batches(source, options, 1)[0].pixels);
}

TEST(Loader, ResumesInTheMiddleOfAnEpoch) {
  const ColouredPictures source(40);
  const LoaderOptions options = options_for_tests();
  const std::vector<Batch> whole = all_batches(source, options, 4);
  const std::vector<Batch> rest = all_batches(source, options, 4, 3);
  ASSERT_EQ(rest.size(), 2U);
  expect_equal(rest[0], whole[3]);
  expect_equal(rest[1], whole[4]);
}

TEST(Loader, ResumesAtTheEndOfAnEpoch) {
  const ColouredPictures source(40);
  Loader loader(source, nullptr, options_for_tests());
  loader.start(0, 5);
  EXPECT_FALSE(loader.next().has_value());
}

TEST(Loader, StartsAnewWhileItIsLoading) {
  const ColouredPictures source(40);
  const LoaderOptions options = options_for_tests();
  Loader loader(source, nullptr, options);
  for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
    loader.start(epoch);
    loader.next();
  }
  expect_equal(all_batches(loader, 1), all_batches(source, options, 1));
}

TEST(Loader, GivesNothingBeforeItIsStarted) {
  const ColouredPictures source(8);
  Loader loader(source, nullptr, options_for_tests());
  EXPECT_FALSE(loader.next().has_value());
}

TEST(Loader, ProcessesTogetherLoadTheWhole) {
  const ColouredPictures source(40);
  LoaderOptions options = options_for_tests();
  const std::vector<Batch> whole = all_batches(source, options, 1);
  options.processes = 4;
  std::vector<Batch> joined(whole.size());
  for (options.process = 0; options.process < 4; ++options.process) {
    const std::vector<Batch> share = all_batches(source, options, 1);
    ASSERT_EQ(share.size(), whole.size());
    for (std::size_t i = 0; i < share.size(); ++i) {
      EXPECT_EQ(share[i].indices.size(), 2U);
      const auto append = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
      };
      append(joined[i].indices, share[i].indices);
      append(joined[i].pixels, share[i].pixels);
      append(joined[i].labels, share[i].labels);
      append(joined[i].teacher, share[i].teacher);
    }
  }
  expect_equal(joined, whole);
}

TEST(Loader, ProcessesShareAnIncompleteBatch) {
  // Nine pictures in batches of eight: one is left for four processes.
  const ColouredPictures source(9);
  LoaderOptions options = options_for_tests();
  options.drop_last = false;
  options.processes = 4;
  std::multiset<std::uint32_t> indices;
  for (options.process = 0; options.process < 4; ++options.process) {
    const std::vector<Batch> share = all_batches(source, options);
    ASSERT_EQ(share.size(), 2U) << "as many batches in every process";
    for (const std::uint32_t index : indices_of(share)) indices.insert(index);
  }
  EXPECT_EQ(indices.size(), 9U);
  EXPECT_EQ(std::set(indices.begin(), indices.end()).size(), 9U);
}

TEST(Loader, AnErrorComesInItsBatchsTurn) {
  ColouredPictures source(24);
  LoaderOptions options = options_for_tests();
  options.shuffled = false;
  source.broken = {13, 11};
  for (const int threads : {1, 4}) {
    options.threads = threads;
    Loader loader(source, nullptr, options);
    loader.start(0);
    EXPECT_EQ(loader.next()->indices.size(), 8U);
    EXPECT_EQ(coco_mcu::testing::complaint([&] { loader.next(); }), "picture11.jpg: is missing");
    EXPECT_EQ(loader.next()->indices.front(), 16U) << "the next batch is whole";
    EXPECT_FALSE(loader.next().has_value());
  }
}

TEST(Loader, LoadsNoFurtherThanItIsAllowed) {
  const ColouredPictures source(80);
  LoaderOptions options = options_for_tests();
  options.threads = 4;
  options.prefetch = 2;
  Loader loader(source, nullptr, options);
  loader.start(0);
  loader.next();
  while (source.reads < 24) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(source.reads, 24) << "the batch that was taken and two ahead";
}

TEST(Loader, StopsInTheMiddleOfABatch) {
  ColouredPictures source(80);
  source.slow = true;
  LoaderOptions options = options_for_tests();
  options.batch_size = 80;
  {
    Loader loader(source, nullptr, options);
    loader.start(0);
    while (source.reads < 2) std::this_thread::yield();
  }
  EXPECT_LT(source.reads, 80);
}

TEST(Loader, SaysHowLongItWasWaitedFor) {
  ColouredPictures source(16);
  source.slow = true;
  Loader loader(source, nullptr, options_for_tests());
  EXPECT_EQ(loader.waited_seconds(), 0.0);
  loader.start(0);
  loader.next();
  EXPECT_GT(loader.waited_seconds(), 0.0);
}

TEST(Loader, RefusesWhatCannotWork) {
  const ColouredPictures source(20);
  const auto refuses = [&](auto change) {
    LoaderOptions options = options_for_tests();
    change(options);
    EXPECT_THROW(Loader(source, nullptr, options), std::invalid_argument);
  };
  refuses([](LoaderOptions& options) { options.batch_size = 21; });
  refuses([](LoaderOptions& options) { options.batch_size = 0; });
  refuses([](LoaderOptions& options) { options.threads = 0; });
  refuses([](LoaderOptions& options) { options.prefetch = 0; });
  refuses([](LoaderOptions& options) { options.processes = 3; });
  refuses([](LoaderOptions& options) { options.process = 1; });
  refuses([](LoaderOptions& options) { options.preprocessing = {}; });
  const ColouredPictures none(0);
  LoaderOptions options = options_for_tests();
  options.drop_last = false;
  EXPECT_THROW(Loader(none, nullptr, options), std::invalid_argument);
}

TEST(Loader, RefusesABatchThatAnEpochDoesNotHave) {
  const ColouredPictures source(20);
  Loader loader(source, nullptr, options_for_tests());
  EXPECT_THROW(loader.start(0, 3), std::invalid_argument);
  EXPECT_THROW(loader.start(0, -1), std::invalid_argument);
  EXPECT_THROW(loader.start(-1), std::invalid_argument);
}

}  // namespace
}  // namespace coco_mcu::dataset
