#include "engine/seal.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/arena.h"
#include "engine/golden.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "tests/support/random_model.h"

namespace coco_mcu::engine {
namespace {

using testing::finished_random_model;

GoldenResult check(const model::IntegerModel& model, const kernels::Backend& backend) {
  const model::ModelFile file(model::serialize(model), "random.cmcu");
  const Arena arena(arena_bytes(file.view(), backend));
  Engine engine(file.view(), backend, arena.data());
  std::vector<std::uint32_t> working(model.operators.size());
  return check_golden(file.view(), engine, working.data());
}

TEST(Golden, EveryBackendComputesIt) {
  const model::IntegerModel model = finished_random_model(1);
  for (const auto* const* backend = kernels::kBackends; *backend != nullptr; ++backend) {
    if (!(*backend)->is_supported()) continue;
    EXPECT_TRUE(check(model, **backend).agrees()) << (*backend)->name;
  }
}

TEST(Golden, NamesTheFirstLayerThatComputesOtherwise) {
  model::IntegerModel model = finished_random_model(1);
  const auto is_lookup = [](const model::Operator& layer) {
    return layer.kind == model::OperatorKind::kLookup;
  };
  const auto lookup = std::find_if(model.operators.begin(), model.operators.end(), is_lookup);
  ASSERT_NE(lookup, model.operators.end());
  lookup->requantization.table.assign(256, 7);
  EXPECT_EQ(check(model, kernels::kReferenceBackend).first_wrong_layer,
            lookup - model.operators.begin());
}

TEST(Golden, SeesAnotherDecision) {
  model::IntegerModel model = finished_random_model(1);
  model.golden.decision = !model.golden.decision;
  const GoldenResult result = check(model, kernels::kReferenceBackend);
  EXPECT_EQ(result.first_wrong_layer, -1);
  EXPECT_FALSE(result.agrees());
}

TEST(Seal, RefusesAModelWithoutPlan) {
  model::IntegerModel model = testing::random_model(1);
  EXPECT_THROW(seal(model), std::runtime_error);
}

}  // namespace
}  // namespace coco_mcu::engine
