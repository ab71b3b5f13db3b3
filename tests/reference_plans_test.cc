// What memory the networks of the shared material need; bench/planner.cc measures more of them.

#include <gtest/gtest.h>

#include "bench/support/shared_networks.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "planning/lower_bound.h"
#include "planning/planner.h"
#include "report/peers.h"
#include "tests/support/shared_material.h"

namespace coco_mcu {
namespace {

using planning::ParetoFront;

class ReferencePlans : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::shared_material("reference/checkpoint") || !testing::shared_material("peers")) {
      GTEST_SKIP() << "needs the reference material (COCO_MCU_SHARED)";
    }
  }
};

TEST_F(ReferencePlans, StreamedWithoutWhatIsDead) {
  const model::IntegerModel model = reference_network(/*with_attention=*/false);
  const ParetoFront front = planning::search(model, /*streams_input=*/true);
  EXPECT_EQ(front.front().recomputed_macs, 0);
  EXPECT_LE(front.front().plan.arena_bytes, 128'000U);
  EXPECT_LE(front.back().plan.arena_bytes, 81'451U);
  EXPECT_EQ(planning::lower_bound(model, true).bytes, 86 * 86 * 8);
}

TEST_F(ReferencePlans, HeldWithoutWhatIsDead) {
  const model::IntegerModel model = reference_network(/*with_attention=*/false);
  const ParetoFront front = planning::search(model, /*streams_input=*/false);
  EXPECT_EQ(front.front().recomputed_macs, 0);
  EXPECT_LE(front.front().plan.arena_bytes, 202'800U);
}

TEST_F(ReferencePlans, StreamedWithLiveAttention) {
  const model::IntegerModel model = reference_network(/*with_attention=*/true);
  const ParetoFront front = planning::search(model, /*streams_input=*/true);
  EXPECT_LE(front.back().plan.arena_bytes, 104'000U);
}

TEST_F(ReferencePlans, PersonDetectorsOfOthersNeedLessThanThere) {
  for (const report::PeerModel& peer : report::kPeerModels) {
    const model::IntegerModel model = tflite_model(peer.name);
    const ParetoFront streamed = planning::search(model, /*streams_input=*/true);
    EXPECT_EQ(streamed.front().plan.arena_bytes, peer.least_planned_bytes) << peer.name;
    EXPECT_EQ(streamed.front().macs, peer.macs) << peer.name;
    const ParetoFront held = planning::search(model, /*streams_input=*/false);
    const std::int64_t theirs =
        peer.m4_arena_bytes > 0 ? peer.m4_arena_bytes : peer.host_arena_bytes;
    EXPECT_LT(held.front().plan.arena_bytes, theirs) << peer.name;
  }
}

/// Each kernel of it is the sum of two: none of the three tensors of a sum is kept but the last.
TEST(ShippedModelPlans, ComputeAgainWhatHasNoRoom) {
  const model::ModelFile file = model::read_model("models/person.cmcu");
  const ParetoFront front =
      planning::search(model::deserialize(file.bytes()), /*streams_input=*/true);
  EXPECT_LE(front.front().plan.arena_bytes, 128'000U);
  EXPECT_LE(front.back().plan.arena_bytes, 80'000U);
  EXPECT_GT(front.back().recomputed_macs, 0);
}

}  // namespace
}  // namespace coco_mcu
