#include "dataset/random.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::dataset {
namespace {

TEST(Random, TheSameKeyGivesTheSameStream) {
  Random first({7, 3, 11});
  Random second({7, 3, 11});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(first.next(), second.next());
}

TEST(Random, StreamsAreTheSameOnEveryMachine) {
  Random random({1, 2, 3});
  const std::uint64_t first = random.next();
  const std::uint64_t second = random.next();
  EXPECT_EQ(first, 0x5E9786C62FF1A5E3U);
  EXPECT_EQ(second, 0x94BB55A7DE730522U);
}

TEST(Random, EveryPartOfTheKeyCounts) {
  std::set<std::uint64_t> first_values;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
      for (std::uint64_t index = 0; index < 20; ++index) {
        first_values.insert(Random({seed, epoch, index}).next());
      }
    }
  }
  EXPECT_EQ(first_values.size(), 20U * 20U * 20U);
}

TEST(Random, TheOrderOfTheKeyCounts) {
  EXPECT_NE(Random({1, 2}).next(), Random({2, 1}).next());
}

TEST(Random, TheLengthOfTheKeyCounts) {
  EXPECT_NE(Random({1}).next(), Random({1, 0}).next());
  EXPECT_NE(Random({}).next(), Random({0}).next());
}

TEST(Random, NeighbouringKeysAreUnrelated) {
  // Each bit of the first number is set for about half of the keys.
  constexpr int kKeys = 4000;
  std::vector<int> set_bits(64);
  for (std::uint64_t index = 0; index < kKeys; ++index) {
    const std::uint64_t value = Random({5, 0, index}).next();
    for (int bit = 0; bit < 64; ++bit) set_bits[bit] += static_cast<int>(value >> bit & 1);
  }
  for (const int count : set_bits) EXPECT_NEAR(count, kKeys / 2, 5 * std::sqrt(kKeys) / 2);
}

TEST(Random, UniformFillsItsRangeEvenly) {
  Random random({1});
  std::vector<int> tenths(10);
  for (int i = 0; i < 10'000; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++tenths[static_cast<std::size_t>(value * 10)];
  }
  for (const int count : tenths) EXPECT_NEAR(count, 1000, 150);
}

TEST(Random, UniformKeepsToItsLimits) {
  Random random({2});
  for (int i = 0; i < 1000; ++i) {
    const double value = random.uniform(-3.0, 0.5);
    EXPECT_GE(value, -3.0);
    EXPECT_LT(value, 0.5);
  }
}

TEST(Random, BelowReachesEveryNumberEvenly) {
  Random random({3});
  std::map<std::uint64_t, int> counts;
  for (int i = 0; i < 7000; ++i) ++counts[random.below(7)];
  ASSERT_EQ(counts.size(), 7U);
  for (const auto& [number, count] : counts) EXPECT_NEAR(count, 1000, 150) << number;
}

TEST(Random, BelowOneIsZero) {
  Random random({4});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, BelowALargeNumberHasNoBias) {
  // Without the second draw, numbers below 2^62 would come twice as often as the others.
  Random random({5});
  constexpr std::uint64_t kCount = 3 * (std::uint64_t{1} << 62);
  int low = 0;
  for (int i = 0; i < 9000; ++i) low += random.below(kCount) < kCount / 3 ? 1 : 0;
  EXPECT_NEAR(low, 3000, 250);
}

TEST(Random, ChancesAreKept) {
  Random random({6});
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += random.chance(0.3) ? 1 : 0;
  EXPECT_NEAR(hits, 3000, 250);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(random.chance(0.0));
    EXPECT_TRUE(random.chance(1.0));
  }
}

TEST(Random, NormalHasMeanZeroAndDeviationOne) {
  Random random({7});
  constexpr int kDraws = 20'000;
  double sum = 0.0;
  double squares = 0.0;
  int within_one = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.normal();
    ASSERT_TRUE(std::isfinite(value));
    sum += value;
    squares += value * value;
    within_one += std::abs(value) < 1.0 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.04);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.05);
  EXPECT_NEAR(static_cast<double>(within_one) / kDraws, 0.6827, 0.02);
}

TEST(Shuffle, KeepsEveryNumber) {
  std::vector<std::uint32_t> order(1000);
  std::iota(order.begin(), order.end(), 0U);
  const std::vector<std::uint32_t> sorted = order;
  Random random({8});
  shuffle(order, random);
  EXPECT_NE(order, sorted);
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, sorted);
}

TEST(Shuffle, EveryOrderIsAsProbable) {
  std::map<std::vector<std::uint32_t>, int> counts;
  Random random({9});
  for (int i = 0; i < 6000; ++i) {
    std::vector<std::uint32_t> order = {0, 1, 2};
    shuffle(order, random);
    ++counts[order];
  }
  ASSERT_EQ(counts.size(), 6U);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(Shuffle, LeavesNothingAndOneAlone) {
  std::vector<std::uint32_t> none;
  std::vector<std::uint32_t> one = {5};
  Random random({10});
  shuffle(none, random);
  shuffle(one, random);
  EXPECT_EQ(one, std::vector<std::uint32_t>{5});
}

}  // namespace
}  // namespace coco_mcu::dataset
