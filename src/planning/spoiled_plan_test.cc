// Plans that stream the picture, as the planner makes them and spoiled in one place.

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/model_file.h"
#include "model/serialize.h"
#include "planning/planner.h"
#include "tests/support/complaint.h"
#include "tests/support/random_model.h"

namespace coco_mcu::planning {
namespace {

using model::Plan;
using ::testing::HasSubstr;

/// What reading the model says after `change` of the plan with the least work; empty where it is
/// accepted.
std::string refusal_after(const std::function<void(Plan&)>& change) {
  model::IntegerModel model = testing::finished_random_model(1);
  model.plan = search(model, /*streams_input=*/true, 60).front().plan;
  change(model.plan);
  return testing::complaint([&] { model::ModelFile(model::serialize(model), "m.cmcu"); });
}

TEST(SpoiledPlan, IsAcceptedUnspoiled) {
  EXPECT_EQ(refusal_after([](Plan&) {}), "");
}

TEST(SpoiledPlan, IsRefusedForLiveRingsThatOverlap) {
  const auto change = [](Plan& plan) { plan.passes[0][1].offset = plan.passes[0][0].offset; };
  EXPECT_THAT(refusal_after(change), HasSubstr("writes over rows"));
}

TEST(SpoiledPlan, IsRefusedForARingOutsideTheArena) {
  const auto change = [](Plan& plan) { plan.passes[0][0].offset = plan.arena_bytes; };
  EXPECT_THAT(refusal_after(change), HasSubstr("leaves the arena"));
}

TEST(SpoiledPlan, IsRefusedForRingsThatHoldTooFewRows) {
  const auto change = [](Plan& plan) { plan.passes[0][0].rows = 1; };
  EXPECT_THAT(refusal_after(change), HasSubstr("rings that are too small"));
}

TEST(SpoiledPlan, IsRefusedForABufferWithoutRows) {
  const auto change = [](Plan& plan) { plan.passes[0][0].rows = 0; };
  EXPECT_THAT(refusal_after(change), HasSubstr("height that does not fit"));
}

}  // namespace
}  // namespace coco_mcu::planning
