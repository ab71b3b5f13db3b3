#include "engine/engine.h"

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crc32.h"
#include "engine/arena.h"
#include "engine/golden.h"
#include "engine/tensor_observer.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "tests/support/random_model.h"

namespace coco_mcu::engine {
namespace {

using core::WeightFormat;
using testing::finished_random_model;

model::ModelFile file_of(const model::IntegerModel& model) {
  return {model::serialize(model), "random.cmcu"};
}

std::vector<const kernels::Backend*> supported_backends() {
  std::vector<const kernels::Backend*> found;
  for (const auto* const* backend = kernels::kBackends; *backend != nullptr; ++backend) {
    if ((*backend)->is_supported()) found.push_back(*backend);
  }
  return found;
}

std::vector<std::uint8_t> random_picture(const model::View& model, std::uint32_t seed) {
  std::vector<std::uint8_t> picture(model::tensor_bytes(model.layer(0)));
  std::mt19937 random(seed);
  for (auto& byte : picture) byte = static_cast<std::uint8_t>(random());
  return picture;
}

/// Every layer's checksum.
class Checksums final : public TensorObserver {
 public:
  explicit Checksums(const model::View& model)
      : TensorObserver(model), values(static_cast<std::size_t>(model.operator_count())) {}

  void on_tensor(int layer, const std::uint8_t* tensor) override {
    const std::size_t bytes = model::tensor_bytes(model().layer(layer));
    values[static_cast<std::size_t>(layer)] = core::crc32(tensor, bytes);
  }

  std::vector<std::uint32_t> values;
};

std::vector<std::uint32_t> checksums_of_run(const model::View& view,
                                            const kernels::Backend& backend, std::uint32_t seed) {
  const Arena arena(arena_bytes(view, backend));
  Engine engine(view, backend, arena.data());
  Checksums checksums(view);
  engine.run(random_picture(view, seed).data(), &checksums);
  return checksums.values;
}

TEST(Engine, EveryBackendComputesEveryTensorAlike) {
  for (const WeightFormat format : {WeightFormat::kTernary2, WeightFormat::kFourLevel2,
                                    WeightFormat::kSigned4, WeightFormat::kSigned8}) {
    for (std::uint32_t seed = 0; seed < 8; ++seed) {
      const int side = 17 + static_cast<int>(seed);
      const auto file = file_of(finished_random_model(seed, {side, side + 3, format}));
      const auto expected = checksums_of_run(file.view(), kernels::kReferenceBackend, seed);
      for (const kernels::Backend* backend : supported_backends()) {
        EXPECT_EQ(checksums_of_run(file.view(), *backend, seed), expected)
            << backend->name << ", seed " << seed;
      }
    }
  }
}

TEST(Engine, TheReferenceNeedsExactlyThePlannedArena) {
  const auto file = file_of(finished_random_model(1));
  EXPECT_EQ(arena_bytes(file.view(), kernels::kReferenceBackend), file.view().arena_bytes());
}

TEST(Engine, ReusesItsArenaWithoutMemory) {
  const auto file = file_of(finished_random_model(2));
  const model::View view = file.view();
  const kernels::Backend& backend = kernels::best_backend();
  const Arena arena(arena_bytes(view, backend));
  Engine engine(view, backend, arena.data());
  const auto decide = [&](std::uint32_t seed) {
    return engine.run(random_picture(view, seed).data()).probability;
  };
  const std::int32_t first = decide(1);
  decide(2);
  EXPECT_EQ(decide(1), first);
}

TEST(Engine, TwoEnginesOfOneModelDoNotMeet) {
  const auto file = file_of(finished_random_model(3));
  const model::View view = file.view();
  const kernels::Backend& backend = kernels::best_backend();
  const Arena one(arena_bytes(view, backend));
  const Arena other(arena_bytes(view, backend));
  Engine first(view, backend, one.data());
  Engine second(view, backend, other.data());
  const std::vector<std::uint8_t> picture = random_picture(view, 1);
  first.begin();
  first.push_row(picture.data());
  EXPECT_EQ(second.run(picture.data()).probability, first.run(picture.data()).probability);
}

TEST(Engine, ProbabilitiesAddUpToOne) {
  const auto file = file_of(finished_random_model(4));
  const Arena arena(arena_bytes(file.view(), kernels::kReferenceBackend));
  Engine engine(file.view(), kernels::kReferenceBackend, arena.data());
  engine.run(random_picture(file.view(), 9).data());
  EXPECT_NEAR(engine.probabilities()[0] + engine.probabilities()[1], model::kProbabilityOne, 1);
}

TEST(Engine, DecidesByTheModelsThreshold) {
  model::IntegerModel integer_model = finished_random_model(5);
  integer_model.threshold = 0;
  const auto always = file_of(integer_model);
  integer_model.threshold = model::kProbabilityOne;
  const auto hardly_ever = file_of(integer_model);
  for (const auto* file : {&always, &hardly_ever}) {
    const Arena arena(arena_bytes(file->view(), kernels::kReferenceBackend));
    Engine engine(file->view(), kernels::kReferenceBackend, arena.data());
    const Decision decision = engine.run(random_picture(file->view(), 9).data());
    EXPECT_EQ(decision.positive, decision.probability >= file->view().threshold());
  }
}

TEST(Engine, NamesTheKernelOfEveryLayer) {
  const auto file = file_of(finished_random_model(6));
  for (int i = 0; i < file.view().operator_count(); ++i) {
    const std::string name = kernel_name(file.view(), kernels::kReferenceBackend, i);
    EXPECT_THAT(name, ::testing::HasSubstr("reference"));
  }
}

}  // namespace
}  // namespace coco_mcu::engine
