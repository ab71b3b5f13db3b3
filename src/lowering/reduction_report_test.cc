#include "lowering/reduction_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::lowering {
namespace {

using ::testing::ElementsAre;

LayerSize size_of(std::int64_t channels, std::int64_t inputs, std::int64_t macs) {
  return {.channels = channels,
          .input_channels = inputs,
          .cost = {.weights = channels * inputs, .macs = macs}};
}

TEST(ReductionReport, SaysWhatWentAndWhy) {
  ReductionReport report;
  report.before = {.weights = 1'000'914, .macs = 46'959'296};
  report.after = {.weights = 84'505, .macs = 30'219'553};
  report.pruned = {{"bneck4.expand.conv", 1234}, {"bneck5.expand.conv", 7}};
  report.constants = {{.source = "att_0.up",
                       .folded_into = "bneck0.project.batch_norm",
                       .is_factor = true,
                       .channels = 16,
                       .low = 1.25,
                       .high = 1.75,
                       .widest = 3e-10},
                      {.source = "last_gap",
                       .folded_into = "last_conv2.conv",
                       .is_factor = false,
                       .channels = 1,
                       .low = 0.5,
                       .high = 0.5,
                       .widest = 0.0}};
  report.layers = {{"att_0.a", "att_0", size_of(32, 32, 5000), {}},
                   {"att_0.b", "att_0", size_of(16, 32, 600), {}},
                   {"bneck4.gate", "bneck4", size_of(4, 4, 16), {}},
                   {"bneck4.expand", "bneck4", size_of(256, 32, 1), size_of(251, 32, 1)},
                   {"bneck4.project", "bneck4", size_of(8, 8, 1), size_of(8, 8, 1)}};
  EXPECT_EQ(report.pruned_weights(), 1241);
  EXPECT_THAT(
      describe(report),
      ElementsAre(
          "84,505 of 1,000,914 weights and 30,219,553 of 46,959,296 MACs are left",
          "bneck4.expand.conv: 1,234 small weights set to zero",
          "bneck5.expand.conv: 7 small weights set to zero",
          "att_0.up: 16 channels are constant: [1.25, 1.75], at most 3.0e-10 wide each; "
          "multiplied into bneck0.project.batch_norm",
          "last_gap: 1 channel is constant: 0.5, exactly; added to last_conv2.conv",
          "att_0: nothing reads it any more; 1,536 weights and 5,600 MACs go",
          "bneck4.gate: nothing reads it any more; 16 weights go",
          "bneck4.expand: 251 channels of 32 inputs instead of 256 of 32, 8,032 of 8,192 weights"));
}

TEST(ReductionReport, NamesWeightsThatOnlyKeepChannelsAligned) {
  ReductionReport report;
  report.before = report.after = {.weights = 100, .macs = 100};
  report.idle_weights = 30;
  EXPECT_THAT(describe(report),
              ElementsAre("100 of 100 weights and 100 of 100 MACs are left",
                          "30 of them stand in rows and columns of zeros that keep channels "
                          "aligned; 70 do work"));
}

}  // namespace
}  // namespace coco_mcu::lowering
