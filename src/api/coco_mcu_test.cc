#include "api/coco_mcu.h"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/arena.h"
#include "engine/engine.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "tests/support/random_model.h"

namespace coco_mcu {
namespace {

using ::testing::HasSubstr;

class CApi : public ::testing::Test {
 protected:
  CApi() : bytes_(model::serialize(testing::finished_random_model(1, {20, 28}))) {}

  std::size_t arena_bytes() const {
    return coco_mcu_arena_bytes(bytes_.data(), bytes_.size(), nullptr);
  }

  std::vector<std::uint8_t> bytes_;
};

TEST_F(CApi, DecidesAsTheEngineDoes) {
  const engine::Arena arena(arena_bytes());
  coco_mcu_engine* opened =
      coco_mcu_open(bytes_.data(), bytes_.size(), arena.data(), arena_bytes(), nullptr);
  ASSERT_NE(opened, nullptr);
  std::vector<std::uint8_t> picture(std::size_t{20} * 28 * 3);
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<std::uint8_t>(i * 7);
  const coco_mcu_decision decision = coco_mcu_run(opened, picture.data(), 20, 28);
  coco_mcu_close(opened);

  const model::View view(bytes_.data());
  const engine::Arena own(engine::arena_bytes(view, kernels::kReferenceBackend));
  engine::Engine engine(view, kernels::kReferenceBackend, own.data());
  const engine::Decision expected = engine.run(picture.data());
  EXPECT_EQ(decision.probability, expected.probability);
  EXPECT_EQ(decision.is_positive, expected.positive ? 1 : 0);
}

TEST_F(CApi, ResizesPicturesOfOtherSizes) {
  const engine::Arena arena(arena_bytes());
  coco_mcu_engine* opened =
      coco_mcu_open(bytes_.data(), bytes_.size(), arena.data(), arena_bytes(), nullptr);
  const std::vector<std::uint8_t> small(20 * 28 * 3, 90);
  const std::vector<std::uint8_t> large(200 * 280 * 3, 90);
  EXPECT_EQ(coco_mcu_run(opened, small.data(), 20, 28).probability,
            coco_mcu_run(opened, large.data(), 200, 280).probability);
  coco_mcu_close(opened);
}

TEST_F(CApi, SaysWhyAFileIsRefused) {
  const char* reason = nullptr;
  bytes_[100] ^= 1U;
  EXPECT_EQ(coco_mcu_arena_bytes(bytes_.data(), bytes_.size(), &reason), 0U);
  EXPECT_THAT(reason, HasSubstr("damaged"));
  EXPECT_EQ(coco_mcu_arena_bytes(nullptr, 0, &reason), 0U);
  EXPECT_THAT(reason, HasSubstr("null"));
}

TEST_F(CApi, RefusesAnArenaThatIsTooSmallOrCrooked) {
  const engine::Arena arena(arena_bytes() + 16);
  const char* reason = nullptr;
  const auto open = [&](std::uint8_t* memory, std::size_t size) {
    return coco_mcu_open(bytes_.data(), bytes_.size(), memory, size, &reason);
  };
  EXPECT_EQ(open(arena.data(), arena_bytes() - 1), nullptr);
  EXPECT_THAT(reason, HasSubstr("smaller"));
  EXPECT_EQ(open(arena.data() + 16, arena_bytes()), nullptr);
  EXPECT_THAT(reason, HasSubstr("multiple"));
}

TEST_F(CApi, AnEmptyPictureDecidesNothing) {
  const engine::Arena arena(arena_bytes());
  coco_mcu_engine* opened =
      coco_mcu_open(bytes_.data(), bytes_.size(), arena.data(), arena_bytes(), nullptr);
  EXPECT_EQ(coco_mcu_run(opened, nullptr, 20, 28).probability, 0);
  EXPECT_EQ(coco_mcu_run(opened, bytes_.data(), 0, 28).probability, 0);
  coco_mcu_close(opened);
}

}  // namespace
}  // namespace coco_mcu
