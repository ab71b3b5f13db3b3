#include "browser/place_evidence.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image.h"
#include "model/model_file.h"

namespace coco_mcu::browser {
namespace {

using ::testing::Each;
using ::testing::Eq;
using ::testing::SizeIs;

/// A decision on a sample picture, observed.
struct ObservedDecision {
  explicit ObservedDecision(const char* picture) {
    const auto pixels = dataset::prepare(dataset::read_image(picture), file.view().preprocessing());
    engine::Engine engine(file.view(), backend, arena.data());
    probability = engine.run(pixels.rgb.data(), &evidence).probability;
  }

  model::ModelFile file = model::read_model("models/person.cmcu");
  const kernels::Backend& backend = kernels::best_backend();
  engine::Arena arena{engine::arena_bytes(file.view(), backend)};
  PlaceEvidence evidence{file.view(), backend};
  std::int32_t probability = 0;
};

TEST(PlaceEvidence, TheHeadDecidesOnTheMapAsTheModelDoes) {
  ObservedDecision observed("samples/astronaut.jpg");
  EXPECT_THAT(observed.evidence.probability(observed.evidence.map()), Eq(observed.probability));
}

TEST(PlaceEvidence, EachPlaceIsAskedByItself) {
  ObservedDecision observed("samples/astronaut.jpg");
  const std::vector<std::int32_t> places = observed.evidence.probabilities();
  ASSERT_THAT(places, SizeIs(observed.evidence.rows() * observed.evidence.columns()));
  const auto [low, high] = std::ranges::minmax(places);
  EXPECT_LT(low, observed.probability);
  EXPECT_GT(high, observed.probability);
}

TEST(PlaceEvidence, AMapOfOneVectorSaysTheSameOfEveryPlace) {
  ObservedDecision observed("samples/coffee.jpg");
  PlaceEvidence& evidence = observed.evidence;
  const std::size_t channels =
      evidence.map().size() / static_cast<std::size_t>(evidence.rows() * evidence.columns());
  std::vector<std::uint8_t> uniform = evidence.map();
  for (std::size_t i = channels; i < uniform.size(); ++i) uniform[i] = uniform[i - channels];
  const int layer = [&] {
    int average = observed.file.view().operator_count() - 1;
    while (observed.file.view().layer(average).kind != model::OperatorKind::kGlobalAverage)
      --average;
    return observed.file.view().layer(average).inputs[0];
  }();
  evidence.on_rows(layer, 0, evidence.rows(), uniform.data());
  EXPECT_THAT(evidence.probabilities(), Each(Eq(evidence.probability(uniform))));
}

}  // namespace
}  // namespace coco_mcu::browser
