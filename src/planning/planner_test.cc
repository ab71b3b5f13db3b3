#include "planning/planner.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/arena.h"
#include "engine/engine.h"
#include "engine/golden.h"
#include "engine/seal.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "planning/whole_tensor.h"
#include "tests/support/random_model.h"

namespace coco_mcu::planning {
namespace {

using testing::random_model;

/// The arena of a model, exactly as large as it must be and with nothing useful in it.
engine::Arena poisoned_arena(const model::View& view, const kernels::Backend& backend) {
  const std::size_t bytes = engine::arena_bytes(view, backend);
  engine::Arena arena(bytes);
  std::memset(arena.data(), 0xA5, bytes);
  return arena;
}

/// Runs the model as it is planned against its golden vector, layer by layer.
void expect_same_bits(const model::IntegerModel& model, const kernels::Backend& backend,
                      const std::string& what) {
  const model::ModelFile file(model::serialize(model), "planned.cmcu");
  const engine::Arena arena = poisoned_arena(file.view(), backend);
  engine::Engine engine(file.view(), backend, arena.data());
  std::vector<std::uint32_t> working(model.operators.size());
  const engine::GoldenResult result = engine::check_golden(file.view(), engine, working.data());
  EXPECT_TRUE(result.agrees()) << what << ", layer " << result.first_wrong_layer;
}

/// A choice at random; often one that is not legal.
Choice random_choice(const model::IntegerModel& model, std::mt19937& random) {
  Choice choice = {random() % 2 == 0, std::vector<bool>(model.operators.size())};
  const unsigned share = 2 + random() % 4;
  for (std::size_t i = 1; i < choice.keeps.size(); ++i) choice.keeps[i] = random() % share == 0;
  return choice;
}

model::IntegerModel sealed_random_model(std::uint32_t seed) {
  const int side = 15 + static_cast<int>(seed % 14);
  testing::RandomModelOptions options = {side, side + static_cast<int>(seed % 5)};
  options.first_stride = static_cast<int>(seed % 4);  // 0: by the seed
  model::IntegerModel model = random_model(seed, options);
  model.plan = plan_whole_tensors(model);
  engine::seal(model);
  return model;
}

TEST(Planner, PlansOfRandomNetworksComputeTheSameBits) {
  std::mt19937 random(1);
  int plans = 0;
  int recomputing = 0;
  for (std::uint32_t seed = 0; plans < 220; ++seed) {
    model::IntegerModel model = sealed_random_model(seed);
    for (int i = 0; i < 40; ++i) {
      const Choice choice = random_choice(model, random);
      const auto planned = schedule(model, choice, 1);
      if (!planned) continue;
      model.plan = planned->plan;
      expect_same_bits(model, plans % 2 == 0 ? kernels::kReferenceBackend : kernels::best_backend(),
                       "seed " + std::to_string(seed));
      ++plans;
      recomputing += planned->recomputed_macs > 0 ? 1 : 0;
    }
  }
  EXPECT_GE(recomputing, 10);
}

/// A camera has one line of memory, and the engine may keep nothing of it but what it has planned.
TEST(Planner, ACameraMayReuseItsLineAfterEachRow) {
  model::IntegerModel model = sealed_random_model(3);
  model.plan = search(model, true, 60).back().plan;
  const model::ModelFile file(model::serialize(model), "planned.cmcu");
  const model::View& view = file.view();
  const kernels::Backend& backend = kernels::kReferenceBackend;
  const std::size_t row_bytes = model::row_bytes(view.layer(0));
  std::vector<std::uint8_t> picture(model::tensor_bytes(view.layer(0)));
  std::mt19937 random(4);
  for (std::uint8_t& byte : picture) byte = static_cast<std::uint8_t>(random());

  const engine::Arena whole = poisoned_arena(view, backend);
  engine::Engine held(view, backend, whole.data());
  const std::int32_t expected = held.run(picture.data()).probability;

  const engine::Arena arena = poisoned_arena(view, backend);
  engine::Engine engine(view, backend, arena.data());
  std::vector<std::uint8_t> line(row_bytes);
  engine.begin();
  for (std::size_t at = 0; at < picture.size(); at += row_bytes) {
    std::copy_n(picture.begin() + static_cast<std::ptrdiff_t>(at), row_bytes, line.begin());
    engine.push_row(line.data());
    std::fill(line.begin(), line.end(), 0xA5);
  }
  EXPECT_EQ(engine.finish().probability, expected);
}

TEST(Planner, EveryPlanOfAFrontIsLegalAndComputesTheSameBits) {
  for (const bool streams_input : {false, true}) {
    model::IntegerModel model = sealed_random_model(5);
    const ParetoFront front = search(model, streams_input, 200);
    ASSERT_FALSE(front.empty());
    for (const PlannedModel& planned : front) {
      model.plan = planned.plan;
      expect_same_bits(model, kernels::kReferenceBackend, "front");
    }
  }
}

TEST(Planner, FrontsTradeMemoryForComputation) {
  const model::IntegerModel model = random_model(5, {24, 24});
  const ParetoFront front = search(model, true, 300);
  for (std::size_t i = 1; i < front.size(); ++i) {
    EXPECT_GT(front[i].macs, front[i - 1].macs);
    EXPECT_LT(front[i].plan.arena_bytes, front[i - 1].plan.arena_bytes);
  }
  EXPECT_EQ(front.front().recomputed_macs, 0);
  EXPECT_LT(front.front().plan.arena_bytes, plan_whole_tensors(model).arena_bytes);
}

TEST(Planner, IsDeterministic) {
  const model::IntegerModel model = random_model(6, {20, 20});
  const ParetoFront first = search(model, true, 150);
  const ParetoFront second = search(model, true, 150);
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].plan, second[i].plan);
}

TEST(Planner, NoPlanIsBelowTheLowerBound) {
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    for (const bool streams_input : {false, true}) {
      const model::IntegerModel model = random_model(seed, {21, 23});
      const std::int64_t bound = lower_bound(model, streams_input).bytes;
      EXPECT_GT(bound, 0);
      for (const PlannedModel& planned : search(model, streams_input, 60)) {
        EXPECT_GE(planned.plan.arena_bytes, bound);
      }
    }
  }
}

TEST(Planner, TakesTheCheapestPlanWithinABudget) {
  const model::IntegerModel model = random_model(5, {24, 24});
  const ParetoFront front = search(model, true, 300);
  EXPECT_EQ(within_budget(front, 1 << 30), &front.front());
  EXPECT_EQ(within_budget(front, front.back().plan.arena_bytes), &front.back());
  EXPECT_EQ(within_budget(front, front.back().plan.arena_bytes - 1), nullptr);
}

TEST(Planner, ThePeakIsTheArenaToTheByte) {
  const model::IntegerModel model = random_model(7, {20, 22});
  for (const PlannedModel& planned : search(model, true, 60)) {
    std::int64_t end = 0;
    for (const PlacedBuffer& buffer : planned.buffers) {
      end = std::max(end, buffer.offset + buffer.bytes);
    }
    EXPECT_LE(end, planned.plan.arena_bytes);
    EXPECT_LT(planned.plan.arena_bytes - end, 16);
  }
}

}  // namespace
}  // namespace coco_mcu::planning
