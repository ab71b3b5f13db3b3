#include "training/chain_loops.h"

#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace coco_mcu::training {
namespace {

using Values = std::vector<float>;

Values random_values(std::int64_t count, std::mt19937& random) {
  std::normal_distribution<float> normal(0.0F, 3.0F);
  Values values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

/// Everything the loops write for one input.
struct Results {
  Values y;
  Values dx;
  std::vector<double> statistics;
  std::vector<double> sums;
  std::vector<ChainRangeSums> ranges;
};

struct Problem {
  std::int64_t pictures;
  std::int64_t pixels;
  std::int64_t channels;
};

struct Material {
  Values x, dy, gain, shift, by_x, constant;
};

Material material_for(const Problem& problem, std::int64_t tile_floats) {
  std::mt19937 random(17);
  const std::int64_t size = problem.pictures * problem.pixels * problem.channels;
  Material made;
  made.x = random_values(size, random);
  made.dy = random_values(size, random);
  for (Values* tile : {&made.gain, &made.shift, &made.by_x, &made.constant})
    *tile = random_values(problem.pictures * tile_floats, random);
  made.x.front() = 1e30F;
  made.x.back() = -1e30F;
  return made;
}

Results run(const ChainLoops& loops, const Problem& problem, const ChainFunctions& functions) {
  const std::int64_t tile_pixels = tile_pixels_of(problem.pixels, problem.channels);
  const std::int64_t tile_floats = tile_floats_of(tile_pixels, problem.channels);
  const Material material = material_for(problem, tile_floats);
  const ChainInput input = {.x = material.x.data(),
                            .pixels = problem.pixels,
                            .channels = problem.channels,
                            .tile_pixels = tile_pixels,
                            .gain = {material.gain.data(), tile_floats},
                            .shift = {material.shift.data(), 0}};
  const PictureRange all = {.begin = 0, .end = problem.pictures};
  const auto sums = static_cast<std::size_t>(problem.pictures * 2 * problem.channels);
  Values scratch(static_cast<std::size_t>(2 * tile_floats));
  Results results;
  results.y.resize(material.x.size());
  results.dx.resize(material.x.size());
  results.statistics.resize(sums);
  results.sums.resize(sums);
  results.ranges.resize(static_cast<std::size_t>(problem.pictures));
  loops.statistics(input, all, scratch.data(), results.statistics.data());
  loops.forward(input, functions, all, results.y.data());
  loops.backward_sums(input, functions, material.dy.data(), all, scratch.data(),
                      results.sums.data(), results.ranges.data());
  loops.backward_input(input, functions, material.dy.data(), {material.by_x.data(), 0},
                       {material.constant.data(), tile_floats}, all, results.dx.data());
  return results;
}

template <class T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

constexpr Problem kProblems[] = {{2, 86 * 3, 16}, {1, 1, 1200}, {3, 1, 5},    {2, 7, 3},
                                 {1, 4000, 8},    {2, 50, 24},  {1, 36, 256}, {2, 131, 72}};

TEST(ChainLoops, TheFastestGiveTheBitsOfThePortable) {
  const ChainGrid before = {.scale = 0.05F, .inverse = 1.0F / 0.05F, .low = -5.0F, .high = 7.75F};
  const ChainGrid after = {.scale = 0.02F, .inverse = 1.0F / 0.02F, .low = -0.38F, .high = 4.72F};
  for (const Problem& problem : kProblems) {
    for (const Activation activation :
         {Activation::kNone, Activation::kRelu, Activation::kHardSwish, Activation::kHardSigmoid,
          Activation::kSigmoidPlusOne}) {
      for (const int quantizers : {0, 1, 2, 3}) {
        SCOPED_TRACE(testing::Message()
                     << problem.pictures << " x " << problem.pixels << " x " << problem.channels
                     << ", activation " << static_cast<int>(activation) << ", quantizers "
                     << quantizers);
        const ChainFunctions functions = {.quantizes_before = (quantizers & 1) != 0,
                                          .before = before,
                                          .activation = activation,
                                          .quantizes_after = (quantizers & 2) != 0,
                                          .after = after};
        const Results portable = run(portable_chain_loops(), problem, functions);
        const Results fastest = run(chain_loops(), problem, functions);
        EXPECT_TRUE(same_bytes(portable.y, fastest.y));
        EXPECT_TRUE(same_bytes(portable.dx, fastest.dx));
        EXPECT_TRUE(same_bytes(portable.statistics, fastest.statistics));
        EXPECT_TRUE(same_bytes(portable.sums, fastest.sums));
        EXPECT_TRUE(same_bytes(portable.ranges, fastest.ranges));
      }
    }
  }
}

TEST(ChainLoops, TilesAreWholeVectorsOfWholePixels) {
  for (const std::int64_t channels : {1, 3, 8, 12, 16, 24, 72, 513, 1200}) {
    const std::int64_t tile = tile_pixels_of(1'000'000, channels);
    EXPECT_EQ(tile * channels % 8, 0) << channels;
    EXPECT_GE(tile * channels, 256) << channels;
    EXPECT_EQ(tile_floats_of(tile, channels), tile * channels) << channels;
  }
}

TEST(ChainLoops, ATileIsNoLargerThanThePicture) {
  EXPECT_EQ(tile_pixels_of(1, 5), 1);
  EXPECT_EQ(tile_floats_of(1, 5), 8);
}

}  // namespace
}  // namespace coco_mcu::training
