// Leaving out idle weights changes how a model is stored, not what it computes.

#include "lowering/idle_weights.h"

#include <gtest/gtest.h>

#include "engine/seal.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "planning/whole_tensor.h"
#include "tests/support/random_model.h"

namespace coco_mcu {
namespace {

using model::IntegerModel;
using model::Operator;

std::size_t weight_bytes(const IntegerModel& model) {
  std::size_t sum = 0;
  for (const Operator& layer : model.operators) sum += layer.weights.size();
  return sum;
}

/// Ternary squeeze layers with few outputs: some columns are all zero. Rows are made so.
IntegerModel model_with_idle_weights(std::uint32_t seed) {
  IntegerModel model = testing::random_model(seed, {20, 24, core::WeightFormat::kTernary2});
  for (Operator& layer : model.operators) {
    if (layer.kind != model::OperatorKind::kConvolution || layer.height != 1) continue;
    const std::size_t row_bytes = layer.weights.size() / static_cast<std::size_t>(layer.channels);
    if (layer.channels < 4) continue;
    const std::size_t row = seed % static_cast<std::size_t>(layer.channels);
    for (std::size_t i = 0; i < row_bytes; ++i) layer.weights[row * row_bytes + i] = 0x55;  // zeros
  }
  return model;
}

TEST(IdleWeights, LeftOutTheyChangeNoTensor) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    IntegerModel whole = model_with_idle_weights(seed);
    IntegerModel sparse = whole;
    lowering::leave_out_idle_weights(sparse);
    EXPECT_LT(weight_bytes(sparse), weight_bytes(whole));
    for (IntegerModel* model : {&whole, &sparse}) {
      model->plan = planning::plan_whole_tensors(*model);
      engine::seal(*model);
    }
    EXPECT_EQ(sparse.golden, whole.golden);
    const model::ModelFile file(model::serialize(sparse), "sparse.cmcu");
    EXPECT_EQ(model::deserialize(file.bytes()), sparse);
  }
}

TEST(IdleWeights, DoingItTwiceChangesNothing) {
  IntegerModel model = model_with_idle_weights(1);
  lowering::leave_out_idle_weights(model);
  const IntegerModel once = model;
  lowering::leave_out_idle_weights(model);
  EXPECT_EQ(model, once);
}

TEST(IdleWeights, FourLevelsHaveNoZero) {
  const IntegerModel whole = testing::random_model(1, {20, 24, core::WeightFormat::kFourLevel2});
  IntegerModel sparse = whole;
  lowering::leave_out_idle_weights(sparse);
  EXPECT_EQ(sparse, whole);
}

/// A sparse model after a change to each of its layers with masks.
template <class Change>
std::string refusal_after(Change change) {
  IntegerModel model = model_with_idle_weights(1);
  lowering::leave_out_idle_weights(model);
  model.plan = planning::plan_whole_tensors(model);
  engine::seal(model);
  for (Operator& layer : model.operators) {
    if (layer.read_channels != 0 || layer.made_channels != 0) change(layer);
  }
  const std::vector<std::uint8_t> bytes = model::serialize(model);
  const model::Refusal refusal = model::verify(bytes.data(), bytes.size());
  return refusal ? refusal.reason : "";
}

void flip(std::vector<std::uint8_t>& mask) {
  if (!mask.empty()) mask[0] ^= 1U;
}

TEST(IdleWeights, MasksMustFitTheirCounts) {
  EXPECT_EQ(refusal_after([](Operator&) {}), "");
  EXPECT_NE(refusal_after([](Operator& layer) { flip(layer.read_mask); }), "");
  EXPECT_NE(refusal_after([](Operator& layer) { flip(layer.made_mask); }), "");
}

TEST(IdleWeights, MasksAreForFullyConnectedLayers) {
  EXPECT_NE(refusal_after([](Operator& layer) { layer.kernel = 3; }), "");
}

}  // namespace
}  // namespace coco_mcu
