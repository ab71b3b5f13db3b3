#include "model/verify.h"

#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crc32.h"
#include "model/header.h"
#include "model/model_file.h"
#include "model/serialize.h"
#include "tests/support/complaint.h"
#include "tests/support/random_model.h"

namespace coco_mcu::model {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What reading the model says after `change`; empty where it is accepted.
std::string refusal_after(const std::function<void(IntegerModel&)>& change) {
  IntegerModel model = testing::finished_random_model(1);
  change(model);
  return testing::complaint([&] { ModelFile(serialize(model), "m.cmcu"); });
}

Operator& first_of(IntegerModel& model, OperatorKind kind) {
  for (Operator& layer : model.operators) {
    if (layer.kind == kind) return layer;
  }
  throw std::logic_error("the random model lacks a kind");
}

TEST(Verify, AcceptsAValidModel) {
  EXPECT_EQ(refusal_after([](IntegerModel&) {}), "");
}

TEST(Verify, AcceptsTheSeedsOfItsFuzzTarget) {
  // Where the format has changed, tests/support/seed_models.cc writes them anew.
  for (const auto& seed : std::filesystem::directory_iterator("tests/corpus/model")) {
    EXPECT_NO_THROW(read_model(seed.path()));
  }
}

TEST(Verify, RefusesWhatIsNoModel) {
  const std::vector<std::uint8_t> text(100, 'x');
  EXPECT_THAT(testing::complaint([&] { ModelFile(text, "m.cmcu"); }),
              HasSubstr("m.cmcu: is not a coco_mcu model"));
}

TEST(Verify, RefusesAnotherVersion) {
  auto bytes = serialize(testing::finished_random_model(1));
  ++bytes[4];
  EXPECT_THAT(testing::complaint([&] { ModelFile(bytes, "m"); }), HasSubstr("format version"));
}

TEST(Verify, NamesFileLayerReasonAndRemedy) {
  const auto change = [](IntegerModel& model) { model.operators[1].width += 1; };
  EXPECT_THAT(refusal_after(change),
              AllOf(StartsWith("m.cmcu: layer 1 (convolution1): shape does not follow"),
                    HasSubstr("lower the network again")));
}

TEST(Verify, RefusesWrongShapes) {
  for (const OperatorKind kind :
       {OperatorKind::kConvolution, OperatorKind::kDepthwise, OperatorKind::kGlobalAverage,
        OperatorKind::kMultiply, OperatorKind::kMaxPool, OperatorKind::kLookup,
        OperatorKind::kConcatenate}) {
    const auto change = [&](IntegerModel& model) { first_of(model, kind).height += 1; };
    EXPECT_THAT(refusal_after(change), HasSubstr("shape does not follow")) << kind_name(kind);
  }
}

TEST(Verify, RefusesAMaskThatIsTooSmall) {
  const auto change = [](IntegerModel& model) {
    first_of(model, OperatorKind::kMultiply).factor = 1;
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("shape does not follow"));
}

TEST(Verify, RefusesToJoinCodesOfDifferentScales) {
  const auto change = [](IntegerModel& model) {
    first_of(model, OperatorKind::kConcatenate).second_table.clear();
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("joins codes of different scales"));
}

TEST(Verify, RefusesReadingAhead) {
  const auto change = [](IntegerModel& model) { model.operators[3].inputs[0] = 3; };
  EXPECT_THAT(refusal_after(change), HasSubstr("reads a layer that comes later"));
}

TEST(Verify, RefusesACodeWithoutMeaning) {
  const auto change = [](IntegerModel& model) {
    Operator& layer = model.operators[1];
    layer.format = core::WeightFormat::kTernary2;
    layer.weights.assign(
        static_cast<std::size_t>(layer.channels) * core::packed_row_bytes(layer.format, 27), 0xFF);
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("code without meaning"));
}

TEST(Verify, RefusesAccumulatorsThatCouldOverflow) {
  const auto change = [](IntegerModel& model) {
    model.operators[1].requantization.left_shift = 20;
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("could leave 32 bits"));
}

TEST(Verify, RefusesOffsetsThatCouldOverflow) {
  const auto change = [](IntegerModel& model) {
    Requantization& rule = model.operators[1].requantization;
    rule.shift = rule.offset_shift = 31;
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("could leave 32 bits"));
}

TEST(Verify, RefusesNegativeMultipliers) {
  const auto change = [](IntegerModel& model) {
    model.operators[1].requantization.multipliers[0] = -1;
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("negative multiplier"));
}

TEST(Verify, RefusesPaddingThatIsNoCode) {
  const auto change = [](IntegerModel& model) { model.operators[0].zero_point = -1; };
  EXPECT_THAT(refusal_after(change), HasSubstr("zero point that is no code"));
}

TEST(Verify, RefusesAPlanOutsideItsArena) {
  const auto change = [](IntegerModel& model) { model.plan.arena_bytes -= 16; };
  EXPECT_THAT(refusal_after(change), HasSubstr("leaves the arena"));
}

TEST(Verify, RefusesUnalignedTensors) {
  const auto change = [](IntegerModel& model) {
    model.plan.arena_bytes += 64;
    model.plan.passes[1][0].offset += 1;
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("multiple of 16"));
}

TEST(Verify, RefusesAPlanThatWritesOverWhatIsRead) {
  const auto change = [](IntegerModel& model) {
    model.plan.passes[1][0].offset = model.plan.passes[0][0].offset;
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("writes over rows"));
}

TEST(Verify, RefusesScratchOverTensors) {
  const auto change = [](IntegerModel& model) {
    model.plan.passes[1][0].scratch = model.plan.passes[1][0].offset;
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("scratch over a tensor"));
}

TEST(Verify, RefusesReadingRowsBeforeTheyAreWritten) {
  const auto change = [](IntegerModel& model) {
    std::swap(model.plan.passes[1], model.plan.passes[2]);
  };
  EXPECT_THAT(refusal_after(change), HasSubstr("reads a layer before it is computed"));
}

TEST(Verify, RefusesReadingRowsOfAnEarlierPassThatAreGone) {
  const auto change = [](IntegerModel& model) { model.plan.passes[1][0].rows = 1; };
  EXPECT_THAT(refusal_after(change), HasSubstr("rows of an earlier pass that are not kept"));
}

TEST(Verify, RefusesLabelsThatDoNotFit) {
  const auto change = [](IntegerModel& model) { model.labels.emplace_back("dog"); };
  EXPECT_THAT(refusal_after(change), HasSubstr("labels do not fit"));
}

TEST(Verify, RefusesAThresholdAboveOne) {
  const auto change = [](IntegerModel& model) { model.threshold = 40000; };
  EXPECT_THAT(refusal_after(change), HasSubstr("threshold"));
}

TEST(Verify, RefusesEveryTruncation) {
  const auto bytes = serialize(testing::finished_random_model(1));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
    ASSERT_TRUE(verify(cut.data(), cut.size())) << size;
  }
}

TEST(Verify, RefusesEveryFlippedBitByChecksum) {
  auto bytes = serialize(testing::finished_random_model(1));
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 13) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    ASSERT_TRUE(verify(bytes.data(), bytes.size())) << bit;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
}

}  // namespace
}  // namespace coco_mcu::model
