#include "evaluation/decide.h"

#include <atomic>
#include <fstream>
#include <numeric>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/encoded_pictures.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::evaluation {
namespace {

using ::testing::HasSubstr;

/// Says how bright a picture is, and how many it is given at a time.
class Brightness final : public Decider {
 public:
  const core::Preprocessing& preprocessing() const override { return preprocessing_; }

  std::vector<double> person_probabilities(std::span<const std::uint8_t> pictures) const override {
    constexpr std::size_t kBytes = 8 * 8 * 3;
    std::vector<double> means;
    for (std::size_t begin = 0; begin < pictures.size(); begin += kBytes) {
      const auto picture = pictures.subspan(begin, kBytes);
      means.push_back(std::accumulate(picture.begin(), picture.end(), 0.0) / (255.0 * kBytes));
    }
    if (means.size() > largest_batch) largest_batch = means.size();
    return means;
  }

  mutable std::atomic<std::size_t> largest_batch = 0;

 private:
  core::Preprocessing preprocessing_ = {.height = 8, .width = 8};
};

class Failing final : public Decider {
 public:
  const core::Preprocessing& preprocessing() const override { return preprocessing_; }
  std::vector<double> person_probabilities(std::span<const std::uint8_t>) const override {
    throw std::logic_error("the decider is broken");
  }

 private:
  core::Preprocessing preprocessing_ = {.height = 8, .width = 8};
};

/// A folder with pictures of one grey each, number i of brightness 10 * i.
class DecideFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 20; ++i) {
      testing::PngRecipe recipe;
      recipe.height = 9;
      recipe.width = 12;
      recipe.rows.assign(9 * 12 * 3, static_cast<std::uint8_t>(10 * i));
      files_.push_back(folder_ / (std::to_string(i) + ".png"));
      const testing::Bytes bytes = testing::encode_png(recipe);
      std::ofstream(files_.back(), std::ios::binary)
          .write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    }
  }

  testing::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
  std::vector<std::filesystem::path> files_;
};

TEST_F(DecideFiles, DeliversInOrderWhateverTheThreadsAndBatches) {
  for (const int threads : {1, 2, 5}) {
    for (const int batch_size : {1, 3, 64}) {
      std::vector<std::size_t> order;
      decide_files(Brightness(), files_, {threads, batch_size}, [&](const Decision& decision) {
        EXPECT_EQ(decision.error, "");
        EXPECT_NEAR(decision.person_probability, 10.0 * static_cast<double>(decision.index) / 255.0,
                    1e-9);
        order.push_back(decision.index);
      });
      std::vector<std::size_t> expected(files_.size());
      std::iota(expected.begin(), expected.end(), 0U);
      EXPECT_EQ(order, expected);
    }
  }
}

TEST_F(DecideFiles, HandsOverBatches) {
  const Brightness decider;
  decide_files(decider, files_, {.threads = 1, .batch_size = 8}, [](const Decision&) {});
  EXPECT_EQ(decider.largest_batch, 8U);
}

TEST_F(DecideFiles, AnUnreadablePictureDoesNotStopTheOthers) {
  std::ofstream(files_[3]) << "no picture";
  int decided = 0;
  decide_files(Brightness(), files_, {.threads = 2, .batch_size = 4},
               [&](const Decision& decision) {
                 if (decision.index == 3) {
                   EXPECT_THAT(decision.error, HasSubstr("3.png"));
                 } else {
                   EXPECT_EQ(decision.error, "");
                   ++decided;
                 }
               });
  EXPECT_EQ(decided, 19);
}

TEST_F(DecideFiles, AFailingDeciderEndsTheWork) {
  EXPECT_THROW(decide_files(Failing(), files_, {}, [](const Decision&) {}), std::logic_error);
}

TEST_F(DecideFiles, AThrowingReceiverEndsTheWork) {
  EXPECT_THROW(decide_files(Brightness(), files_, {},
                            [](const Decision&) { throw std::runtime_error("disk full"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace coco_mcu::evaluation
