#include "lowering/quantize_grids.h"

#include <cmath>
#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "network/blocks.h"
#include "tests/support/trained_ranges.h"

namespace coco_mcu::lowering {
namespace {

using network::Builder;
using network::Network;
using network::NodeId;
using network::Op;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr core::Preprocessing kPlain = {.height = 4, .width = 4};  // pixels become 0..1

Network with_curve(Op curve, bool convolution_reads_it = false) {
  Builder net("curved");
  NodeId x = net.input({4, 4, 3});
  x = net.conv("linear", x, {.filters = 2});
  x = net.activation("curve", x, curve);
  if (convolution_reads_it) x = net.conv("reader", net.max_pool("pool", x, 2, 2), {.filters = 2});
  x = net.global_average_pool("average", x);
  net.softmax("probs", x);
  return net.finish({"a", "b"});
}

const Ranges kRanges = {{"linear", {-2.0, 2.0}},
                        {"curve", {0.0, 1.5}},
                        {"reader", {-1.0, 1.0}},
                        {"average", {0.0, 1.0}}};

std::vector<OperatorGrids> grids_of(const Network& network, const Ranges& ranges = kRanges) {
  return operator_grids(network, fuse(network), ranges, kPlain);
}

TEST(OperatorGrids, InputHoldsEveryPixel) {
  EXPECT_EQ(grids_of(with_curve(Op::kRelu))[0].output, code_grid({0.0, 1.0}));
}

TEST(OperatorGrids, TableHasCodesBeforeIt) {
  const OperatorGrids grids = grids_of(with_curve(Op::kHardSwish))[1];
  EXPECT_EQ(grids.codes, code_grid({-2.0, 2.0}));
  EXPECT_EQ(grids.output, code_grid({0.0, 1.5}));
}

TEST(OperatorGrids, ReluNeedsNoTable) {
  const OperatorGrids grids = grids_of(with_curve(Op::kRelu))[1];
  EXPECT_EQ(grids.codes, grids.output);
  EXPECT_EQ(grids.output, code_grid({0.0, 1.5}));
}

TEST(OperatorGrids, GatesAndMasksAreFixed) {
  EXPECT_EQ(grids_of(with_curve(Op::kHardSigmoid))[1].output, (CodeGrid{1.0 / 255.0, 0}));
  EXPECT_EQ(grids_of(with_curve(Op::kSigmoidPlusOne))[1].output, (CodeGrid{1.0 / 255.0, -255}));
}

TEST(OperatorGrids, MaskThatAConvolutionReadsHasACodeOfZero) {
  const auto grids = grids_of(with_curve(Op::kSigmoidPlusOne, true));
  EXPECT_EQ(grids[1].output, code_grid({0.0, 2.0}));
  EXPECT_EQ(grids[2].output, grids[1].output);  // the pool's
}

TEST(OperatorGrids, MissingRangeNamesTheLayer) {
  EXPECT_THAT([] { grids_of(with_curve(Op::kRelu), {}); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("layer curve: has no range")));
}

TEST(OperatorGrids, TrainedRangesAreThoseOfTheirGrids) {
  const Network network = with_curve(Op::kHardSwish);
  const TrainedQuantizers quantizers = {coco_mcu::testing::output_range("linear", -1.0F, 3.0F),
                                        coco_mcu::testing::output_range("curve", -0.25F, 3.0F),
                                        coco_mcu::testing::ternary_kernel("linear", 0.0F, 9.0F)};
  const Ranges ranges = trained_ranges(network, fuse(network), quantizers);
  EXPECT_THAT(ranges, ::testing::SizeIs(2));
  for (const auto& [node, minimum] : {std::pair("linear", -1.0F), std::pair("curve", -0.25F)}) {
    const QuantizationGrid grid = grid_of(coco_mcu::testing::output_range(node, minimum, 3.0F));
    EXPECT_NEAR(ranges.at(node).minimum, grid.low, 1e-6);
    EXPECT_NEAR(ranges.at(node).maximum, grid.high, 1e-6);
    const CodeGrid codes = code_grid(ranges.at(node));
    EXPECT_EQ(static_cast<float>(codes.scale), grid.scale) << "as it was in training";
    EXPECT_EQ(codes.zero_point, std::lround(-grid.low / grid.scale));
  }
}

TEST(OperatorGrids, ReluKeepsTheGridThatWasTrainedBeforeIt) {
  const Network network = with_curve(Op::kRelu);
  const TrainedQuantizers quantizers = {coco_mcu::testing::output_range("linear", -1.0F, 3.0F)};
  const Ranges ranges = trained_ranges(network, fuse(network), quantizers);
  EXPECT_EQ(code_grid(ranges.at("curve")).zero_point, code_grid({-1.0, 3.0}).zero_point);
}

}  // namespace
}  // namespace coco_mcu::lowering
