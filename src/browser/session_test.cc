#include "browser/session.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/model_file.h"

namespace coco_mcu::browser {
namespace {

using ::testing::Eq;
using ::testing::NotNull;

constexpr const char* kModel = "models/person.cmcu";

Session open_session() {
  const model::ModelFile file = model::read_model(kModel);
  engine::Arena bytes(file.bytes().size());
  std::ranges::copy(file.bytes(), bytes.data());
  return {std::move(bytes), file.bytes().size()};
}

TEST(Session, DecidesAsTheEngineAndDoesNotLookAtAlpha) {
  const model::ModelFile file = model::read_model(kModel);
  const core::Preprocessing size = file.view().preprocessing();
  std::vector<std::uint8_t> rgb;
  std::vector<std::uint8_t> rgba;
  for (int i = 0; i < size.height * size.width; ++i) {
    for (int channel = 0; channel < 3; ++channel) {
      rgb.push_back(static_cast<std::uint8_t>(i * (channel + 3) / 7));
      rgba.push_back(rgb.back());
    }
    rgba.push_back(static_cast<std::uint8_t>(i));
  }
  const kernels::Backend& backend = kernels::best_backend();
  const engine::Arena arena(engine::arena_bytes(file.view(), backend));
  engine::Engine engine(file.view(), backend, arena.data());
  Session session = open_session();
  EXPECT_THAT(session.decide(rgba.data(), size.height, size.width).probability,
              Eq(engine.run(rgb.data()).probability));
}

TEST(Session, RefusesWhatIsNoModel) {
  const engine::Arena bytes(64);
  std::fill_n(bytes.data(), 64, std::uint8_t{7});
  EXPECT_THAT(Session::refusal({bytes.data(), 64}), NotNull());
}

TEST(Session, FilesOfEveryPlanAreSound) {
  Session session = open_session();
  for (const planning::PlannedModel& planned : session.front()) {
    const model::ModelFile file(session.planned_file(planned), "planned");
    EXPECT_THAT(file.view().arena_bytes(), Eq(planned.plan.arena_bytes));
    EXPECT_GE(planned.plan.arena_bytes, session.lower_bound().bytes);
  }
}

}  // namespace
}  // namespace coco_mcu::browser
