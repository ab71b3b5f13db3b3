#include "planning/whole_tensor.h"

#include <gtest/gtest.h>

#include "model/model_file.h"
#include "model/serialize.h"
#include "tests/support/random_model.h"

namespace coco_mcu::planning {
namespace {

TEST(PlanWholeTensors, IsLegalForManyNetworks) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    // finished_random_model plans, and reads the file through the verifier.
    EXPECT_NO_THROW(testing::finished_random_model(seed, {13 + static_cast<int>(seed), 21}));
  }
}

TEST(PlanWholeTensors, IsNeverBelowTheLargestLayerNorAboveTheSum) {
  const model::IntegerModel model = testing::random_model(3);
  const model::Plan plan = plan_whole_tensors(model);
  std::size_t sum = 0;
  std::size_t largest = 0;
  for (const model::Operator& layer : model.operators) {
    std::size_t bytes = model::tensor_bytes(layer);
    sum += bytes + 16;
    if (model::has_weights(layer.kind)) {
      bytes += model::tensor_bytes(model.operators[static_cast<std::size_t>(layer.inputs[0])]);
    }
    largest = std::max(largest, bytes);
  }
  EXPECT_GE(plan.arena_bytes, largest);
  EXPECT_LT(plan.arena_bytes, sum);
}

TEST(PlanWholeTensors, WorksInPlaceWhereItMay) {
  const model::IntegerModel model = testing::random_model(3);
  const model::Plan plan = plan_whole_tensors(model);
  int in_place = 0;
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const model::Operator& layer = model.operators[i];
    if (layer.kind != model::OperatorKind::kMultiply) continue;
    in_place += plan.passes[i][0].offset ==
                plan.passes[static_cast<std::size_t>(layer.inputs[0])][0].offset;
  }
  EXPECT_EQ(in_place, 3);  // the mask's and two squeeze-excites'
}

}  // namespace
}  // namespace coco_mcu::planning
