#include "model/serialize.h"

#include <gtest/gtest.h>

#include "model/header.h"
#include "model/model_file.h"
#include "model/view.h"
#include "tests/support/random_model.h"

namespace coco_mcu::model {
namespace {

using testing::finished_random_model;

TEST(Serialize, EverythingComesBack) {
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    const auto format = static_cast<core::WeightFormat>(seed);
    IntegerModel model = finished_random_model(seed, {20, 30, format});
    model.preprocessing.resize = core::Resize::kLegacyBilinear;
    model.preprocessing.mean[1] = 0.25F;
    model.preprocessing.deviation[2] = 0.5F;
    model.threshold = 12345;
    const auto bytes = serialize(model);
    const ModelFile file(bytes, "random.cmcu");
    EXPECT_EQ(deserialize(file.bytes()), model);
  }
}

TEST(Serialize, IsAFunctionOfTheModel) {
  EXPECT_EQ(serialize(finished_random_model(1)), serialize(finished_random_model(1)));
}

TEST(Serialize, WeightsBeginAtMultiplesOfSixteenBytes) {
  const ModelFile file(serialize(finished_random_model(1)), "random.cmcu");
  for (int i = 0; i < file.view().operator_count(); ++i) {
    const OperatorView layer = file.view().layer(i);
    if (!has_weights(layer.kind)) continue;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(layer.weights) % kAlignment, 0U) << layer.name;
  }
}

TEST(Serialize, EqualTablesAreStoredOnce) {
  IntegerModel model = finished_random_model(1);
  for (Operator& layer : model.operators) {
    if (has_weights(layer.kind)) layer.requantization.table.assign(256, 3);
  }
  const std::size_t shared = serialize(model).size();
  std::uint8_t code = 0;
  std::size_t tables = 0;
  for (Operator& layer : model.operators) {
    if (!has_weights(layer.kind)) continue;
    layer.requantization.table.assign(256, code++);
    ++tables;
  }
  EXPECT_GE(serialize(model).size(), shared + (tables - 1) * 256);
}

}  // namespace
}  // namespace coco_mcu::model
