#include "training/validation_score.h"

#include <cmath>

#include <gtest/gtest.h>

namespace coco_mcu::training {
namespace {

TEST(ValidationScore, CountsDecisionsAboveOneHalf) {
  EXPECT_EQ(score({{true, 0.6F}, {false, 0.6F}, {false, 0.5F}, {true, 0.5F}}).right, 2);
}

TEST(ValidationScore, LossIsTheMeanCrossEntropy) {
  EXPECT_NEAR(score({{true, 0.75F}, {false, 0.5F}}).loss, -(std::log(0.75) + std::log(0.5)) / 2,
              1e-6);
}

TEST(ValidationScore, OneCertainMistakeIsFinite) {
  EXPECT_NEAR(score({{true, 0.0F}}).loss, -std::log(1e-7), 1e-3);
}

}  // namespace
}  // namespace coco_mcu::training
