// The GPU's kernels against libtorch's operations on the processor. Skipped without both.
#include <vector>

#include <gtest/gtest.h>

#include "training/chain_backend.h"
#include "training/step_quantizer.h"
#include "training/step_quantizer_cuda.h"

namespace coco_mcu::training {
namespace {

using core::WeightFormat;

constexpr auto kChannelsLast = torch::MemoryFormat::ChannelsLast;
using Shape = std::vector<std::int64_t>;
const Shape kShapes[] = {{2, 3, 5, 7},  {4, 8, 33, 31}, {3, 1200, 1, 1}, {1, 24, 9, 9},
                         {2, 72, 6, 6}, {2, 5, 40, 40}, {5, 16, 86, 86}, {2, 300, 3, 2}};

class CudaBackend : public testing::Test {
 protected:
  void SetUp() override {
    if (cuda_chain_backend() == nullptr) GTEST_SKIP() << "built without COCO_MCU_CUDA";
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU here";
    torch::manual_seed(5);
  }
};

torch::Tensor there(const torch::Tensor& tensor) {
  return tensor.to(torch::kCUDA);
}

void expect_close(const torch::Tensor& gpu, const torch::Tensor& expected, double tolerance) {
  const torch::Tensor here = gpu.to(torch::kCPU).to(torch::kDouble);
  const torch::Tensor wanted = expected.to(torch::kDouble);
  ASSERT_EQ(here.sizes(), wanted.sizes());
  EXPECT_LE((here - wanted).norm().item<double>(), tolerance * (wanted.norm().item<double>() + 1));
}

struct Problem {
  torch::Tensor x, dy;
  ChannelMap map, correction;

  Problem(const Shape& shape, bool gates) {
    x = (torch::randn(shape) * 2.0).contiguous(kChannelsLast);
    dy = torch::randn(shape);
    const std::int64_t rows = gates ? shape[0] : 1;
    map = {torch::rand({rows, shape[1]}) + 0.5, torch::randn({1, shape[1]})};
    correction = {torch::randn({1, shape[1]}), torch::randn({1, shape[1]})};
  }
};

void expect_same(const Problem& problem, const ChainFunctions& functions) {
  const ChainBackend& expected = row_chain_backend();
  const ChainBackend& cuda = *cuda_chain_backend();
  const auto& [x, dy, map, correction] = problem;
  const torch::Tensor x_there = there(x);
  const torch::Tensor dy_there = there(dy);
  const ChannelMap map_there = {there(map.gain), there(map.shift)};
  const ChannelMap correction_there = {there(correction.gain), there(correction.shift)};
  expect_close(cuda.statistics(x_there), expected.statistics(x), 1e-5);
  expect_close(cuda.forward(x_there, map_there, functions), expected.forward(x, map, functions),
               1e-4);
  torch::Tensor ranges;
  torch::Tensor expected_ranges;
  expect_close(cuda.backward_sums(x_there, dy_there, map_there, functions, &ranges),
               expected.backward_sums(x, dy, map, functions, &expected_ranges), 1e-3);
  expect_close(ranges, expected_ranges, 1e-3);
  expect_close(cuda.backward_sums(x_there, dy_there, map_there, functions, nullptr),
               expected.backward_sums(x, dy, map, functions, nullptr), 1e-3);
  expect_close(cuda.backward_input(x_there, dy_there, map_there, functions, correction_there),
               expected.backward_input(x, dy, map, functions, correction), 1e-3);
}

TEST_F(CudaBackend, ComputesChainsAsTheProcessorDoes) {
  const ChainGrid before = {.scale = 0.05F, .inverse = 1.0F / 0.05F, .low = -5.0F, .high = 7.75F};
  const ChainGrid after = {.scale = 0.02F, .inverse = 1.0F / 0.02F, .low = -0.38F, .high = 4.72F};
  for (const Shape& shape : kShapes) {
    for (const Activation activation :
         {Activation::kNone, Activation::kRelu, Activation::kHardSwish, Activation::kHardSigmoid,
          Activation::kSigmoidPlusOne}) {
      for (const int quantizers : {0, 1, 2, 3}) {
        SCOPED_TRACE(testing::Message()
                     << torch::IntArrayRef(shape) << " activation " << static_cast<int>(activation)
                     << " quantizers " << quantizers);
        const ChainFunctions functions = {.quantizes_before = (quantizers & 1) != 0,
                                          .before = before,
                                          .activation = activation,
                                          .quantizes_after = (quantizers & 2) != 0,
                                          .after = after};
        expect_same(Problem(shape, quantizers == 1), functions);
      }
    }
  }
}

TEST_F(CudaBackend, TakesStepsAsTheProcessorDoes) {
  for (const WeightFormat format : {WeightFormat::kTernary2, WeightFormat::kFourLevel2,
                                    WeightFormat::kSigned4, WeightFormat::kSigned8}) {
    const torch::Tensor weight = torch::randn({24, 16, 3, 3}).contiguous(kChannelsLast);
    const torch::Tensor step = torch::rand({24}) * 0.5 + 0.1;
    const torch::Tensor dy = torch::randn({24, 16, 3, 3});
    std::vector<torch::Tensor> results[2];
    for (const bool on_gpu : {false, true}) {
      const auto place = [&](const torch::Tensor& tensor) {
        return (on_gpu ? there(tensor) : tensor.clone()).detach();
      };
      const torch::Tensor w = place(weight).requires_grad_();
      const torch::Tensor s = place(step).requires_grad_();
      ASSERT_EQ(has_cuda_loops(w), on_gpu);
      const torch::Tensor y = step_quantize(w, s, format);
      results[on_gpu ? 1 : 0] = torch::autograd::grad({y}, {w, s}, {place(dy)});
      results[on_gpu ? 1 : 0].push_back(y.detach());
    }
    EXPECT_TRUE(torch::equal(results[1][2].to(torch::kCPU), results[0][2]));
    expect_close(results[1][0], results[0][0], 0.0);
    expect_close(results[1][1], results[0][1], 1e-4);
  }
}

}  // namespace
}  // namespace coco_mcu::training
