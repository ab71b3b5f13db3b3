#include "training/fused_chain.h"

#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "training/fake_quantizer.h"

namespace coco_mcu::training {
namespace {

using network::Op;

constexpr Op kActivations[] = {Op::kInput, Op::kRelu, Op::kHardSwish, Op::kHardSigmoid,
                               Op::kSigmoidPlusOne};
constexpr auto kRows = torch::MemoryFormat::ChannelsLast;  // the fused loops
constexpr auto kPlanes = torch::MemoryFormat::Contiguous;  // libtorch's operations

using Shape = std::vector<std::int64_t>;
const Shape kShapes[] = {{2, 3, 5, 7},  {4, 8, 33, 31}, {3, 1200, 1, 1}, {1, 24, 9, 9},
                         {2, 72, 6, 6}, {2, 5, 40, 40}, {5, 16, 19, 19}};

ChainQuantizer range(float minimum, float maximum, bool learned = false) {
  return {torch::tensor(minimum).requires_grad_(learned),
          torch::tensor(maximum).requires_grad_(learned)};
}

torch::Tensor activation(const torch::Tensor& x, Op op) {
  switch (op) {
    case Op::kRelu:
      return torch::relu(x);
    case Op::kHardSwish:
      return torch::hardswish(x);
    case Op::kHardSigmoid:
      return torch::hardsigmoid(x);
    case Op::kSigmoidPlusOne:
      return torch::sigmoid(x) + 1.0;
    default:
      return x;
  }
}

/// Fake quantization for libtorch's autograd: the rounding passes gradients straight through, the
/// nudge is a constant, gradients of the range are scaled where they arrive.
torch::Tensor reference_quantize(const torch::Tensor& x, const ChainQuantizer& quantizer) {
  if (!quantizer.is_active()) return x;
  const double gradient_scale = 1.0 / std::sqrt(static_cast<double>(x.numel() / x.size(0)) * 255.0);
  const auto scaled = [&](const torch::Tensor& value) {
    return value.detach() + (value - value.detach()) * gradient_scale;
  };
  const torch::Tensor minimum = scaled(quantizer.minimum);
  const torch::Tensor maximum = scaled(quantizer.maximum);
  const QuantizationGrid grid =
      nudge(quantizer.minimum.item<float>(), quantizer.maximum.item<float>(), 8, false);
  const torch::Tensor low = minimum + (grid.low - minimum.detach());
  const torch::Tensor scale = (maximum - minimum) / 255.0;
  const torch::Tensor units = ((x - low) / scale).clamp(0.0, 255.0);
  const torch::Tensor code = units + ((units.detach() + 0.5).floor() - units.detach());
  return code * scale + low;
}

torch::Tensor reference_chain(const torch::Tensor& z, const Chain& chain) {
  const torch::Tensor v = activation(reference_quantize(z, chain.before), chain.activation);
  return reference_quantize(v, chain.after);
}

/// The gradients of sum(y * dy), by name of what they belong to.
std::vector<torch::Tensor> gradients(const torch::Tensor& y, const torch::Tensor& dy,
                                     const std::vector<torch::Tensor>& of) {
  return torch::autograd::grad({y}, of, {dy});
}

double relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).norm() / (b.norm() + 1e-12)).item<double>();
}

/// The same but for values on the other side of a rounding.
void expect_same_values(const torch::Tensor& a, const torch::Tensor& b, double step) {
  const torch::Tensor difference = (a - b).abs();
  EXPECT_LE(difference.max().item<double>(), step * 1.01 + 1e-4);
  EXPECT_LE(difference.gt(1e-4).to(torch::kFloat).mean().item<double>(), 2e-3);
}

struct Layer {
  torch::Tensor x, weight, bias, dy;

  Layer(const Shape& shape, torch::MemoryFormat format) {
    torch::manual_seed(11);
    x = (torch::randn(shape) * 1.7 + 0.4).contiguous(format).requires_grad_();
    weight = (torch::rand({shape[1]}) + 0.7).requires_grad_();
    bias = torch::randn({shape[1]}).requires_grad_();
    dy = torch::randn(shape);
  }
  BatchNorm norm() const {
    return {.weight = weight,
            .bias = bias,
            .running_mean = torch::zeros({x.size(1)}),
            .running_var = torch::ones({x.size(1)}),
            .sum = {}};
  }
};

/// Both paths, each with one activation and every choice of quantizers.
class FusedChain : public testing::TestWithParam<std::tuple<torch::MemoryFormat, Op>> {
 protected:
  static torch::MemoryFormat format() { return std::get<0>(GetParam()); }
  static Op op() { return std::get<1>(GetParam()); }

  static std::vector<Chain> chains(bool learned) {
    std::vector<Chain> made;
    for (const int quantizers : {0, 1, 2, 3}) {
      Chain chain;
      chain.activation = op();
      if ((quantizers & 1) != 0) chain.before = range(-2.1F, 1.9F, learned);
      if ((quantizers & 2) != 0) chain.after = range(-0.3F, 1.4F, learned);
      made.push_back(chain);
    }
    return made;
  }
};

std::vector<torch::Tensor> learned_scalars(const Chain& chain) {
  std::vector<torch::Tensor> scalars;
  for (const ChainQuantizer& quantizer : {chain.before, chain.after}) {
    if (!quantizer.is_active()) continue;
    scalars.push_back(quantizer.minimum);
    scalars.push_back(quantizer.maximum);
  }
  return scalars;
}

/// How far a range's gradient moves when few elements round to the neighbouring code: each moves
/// it by its dy, at most about 4, times 1/255.
double few_other_roundings(const torch::Tensor& dy) {
  const auto elements = static_cast<double>(dy.numel() / dy.size(0));
  return 2.0 * 4.0 / 255.0 / std::sqrt(elements * 255.0);
}

void expect_same_gradients(const torch::Tensor& y, const torch::Tensor& expected,
                           const torch::Tensor& dy, const std::vector<torch::Tensor>& of) {
  const auto ours = gradients(y, dy, of);
  const auto theirs = gradients(expected, dy, of);
  for (std::size_t i = 0; i < of.size(); ++i) {
    EXPECT_EQ(ours[i].sizes(), of[i].sizes());
    const double rounded_otherwise = of[i].dim() == 0 ? few_other_roundings(dy) : 0.0;
    EXPECT_LE((ours[i] - theirs[i]).norm().item<double>(),
              5e-3 * theirs[i].norm().item<double>() + rounded_otherwise + 1e-12)
        << "gradient " << i;
  }
}

TEST_P(FusedChain, BatchNormHasTheGradientsOfLibtorchsComposition) {
  for (const Shape& shape : kShapes) {
    for (const Chain& chain : chains(/*learned=*/true)) {
      SCOPED_TRACE(testing::Message() << shape[0] << " x " << shape[1] << " x " << shape[2]);
      const Layer layer(shape, format());
      const torch::Tensor y = batch_norm_chain(layer.x, layer.norm(), chain);
      const torch::Tensor z =
          torch::batch_norm(layer.x, layer.weight, layer.bias, {}, {}, true, 0.0, 0.001, false);
      const torch::Tensor expected = reference_chain(z, chain);
      expect_same_values(y, expected, 4.0 / 255.0);
      std::vector<torch::Tensor> of = {layer.x, layer.weight, layer.bias};
      for (const torch::Tensor& scalar : learned_scalars(chain)) of.push_back(scalar);
      expect_same_gradients(y, expected, layer.dy, of);
    }
  }
}

TEST_P(FusedChain, FrozenStatisticsAreConstants) {
  for (const Chain& chain : chains(/*learned=*/false)) {
    const Layer layer({3, 12, 6, 5}, format());
    BatchNorm norm = layer.norm();
    norm.use_batch_statistics = false;
    norm.running_mean.uniform_(-1.0, 1.0);
    norm.running_var.uniform_(0.5, 2.0);
    const torch::Tensor y = batch_norm_chain(layer.x, norm, chain);
    const torch::Tensor z = torch::batch_norm(layer.x, layer.weight, layer.bias, norm.running_mean,
                                              norm.running_var, false, 0.0, 0.001, false);
    const torch::Tensor expected = reference_chain(z, chain);
    expect_same_values(y, expected, 4.0 / 255.0);
    expect_same_gradients(y, expected, layer.dy, {layer.x, layer.weight, layer.bias});
  }
}

TEST_P(FusedChain, MultipliesByAGateForEachChannel) {
  for (const Shape& shape : kShapes) {
    for (const Chain& chain : chains(/*learned=*/true)) {
      const Layer layer(shape, format());
      const torch::Tensor gate = (torch::rand({shape[0], shape[1], 1, 1}) + 0.5).requires_grad_();
      const torch::Tensor y = multiply_chain(layer.x, gate, chain);
      const torch::Tensor expected = reference_chain(layer.x * gate, chain);
      expect_same_values(y, expected, 4.0 / 255.0);
      std::vector<torch::Tensor> of = {layer.x, gate};
      for (const torch::Tensor& scalar : learned_scalars(chain)) of.push_back(scalar);
      expect_same_gradients(y, expected, layer.dy, of);
    }
  }
}

TEST_P(FusedChain, MultipliesByAGateForEachElement) {
  for (const Chain& chain : chains(/*learned=*/true)) {
    const Layer layer({2, 5, 9, 4}, format());
    const torch::Tensor gate =
        (torch::rand({2, 5, 9, 4}) + 0.5).contiguous(format()).requires_grad_();
    expect_same_gradients(multiply_chain(layer.x, gate, chain),
                          reference_chain(layer.x * gate, chain), layer.dy, {layer.x, gate});
  }
}

TEST_P(FusedChain, AppliesWithoutAnythingInFront) {
  for (const Shape& shape : kShapes) {
    for (const Chain& chain : chains(/*learned=*/true)) {
      const Layer layer(shape, format());
      const torch::Tensor y = apply_chain(layer.x, chain);
      const torch::Tensor expected = reference_chain(layer.x, chain);
      expect_same_values(y, expected, 4.0 / 255.0);
      std::vector<torch::Tensor> of = {layer.x};
      for (const torch::Tensor& scalar : learned_scalars(chain)) of.push_back(scalar);
      expect_same_gradients(y, expected, layer.dy, of);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(RowsAndPlanes, FusedChain,
                         testing::Combine(testing::Values(kRows, kPlanes),
                                          testing::ValuesIn(kActivations)));

/// One test, once for each path.
class FusedChainOn : public testing::TestWithParam<torch::MemoryFormat> {};
INSTANTIATE_TEST_SUITE_P(RowsAndPlanes, FusedChainOn, testing::Values(kRows, kPlanes));

TEST_P(FusedChainOn, QuantizesToTheBitsOfFakeQuantize) {
  torch::manual_seed(3);
  torch::Tensor x = (torch::randn({3, 11, 17, 13}) * 2.0).contiguous(GetParam());
  x[0][0][0][0] = 1e30F;
  x[1][2][3][4] = -INFINITY;
  const std::pair<float, float> ranges[] = {{-1.7F, 2.3F}, {0.0F, 6.0F}, {-0.375F, 3.1F}};
  for (const auto& [minimum, maximum] : ranges) {
    const QuantizationGrid grid = nudge(minimum, maximum, 8, false);
    Chain chain;
    chain.before = range(minimum, maximum);
    EXPECT_TRUE(torch::equal(apply_chain(x, chain), fake_quantize(x, grid)));
    chain.activation = Op::kRelu;
    chain.after = range(0.0F, maximum / 2.0F);
    const torch::Tensor expected =
        fake_quantize(torch::relu(fake_quantize(x, grid)), nudge(0.0F, maximum / 2.0F, 8, false));
    EXPECT_TRUE(torch::equal(apply_chain(x, chain), expected));
  }
}

TEST_P(FusedChainOn, AnEmptyRangeGivesZeros) {
  const Layer layer({2, 9, 4, 4}, GetParam());
  Chain chain;
  chain.after = range(0.0F, 0.0F, /*learned=*/true);
  const torch::Tensor y = batch_norm_chain(layer.x, layer.norm(), chain);
  EXPECT_EQ(y.abs().max().item<float>(), 0.0F);
  const auto results =
      gradients(y, layer.dy, {layer.x, layer.weight, layer.bias, chain.after.maximum});
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(results[i].abs().max().item<float>(), 0.0F);
  EXPECT_TRUE(std::isfinite(results[3].item<float>()));
}

TEST_P(FusedChainOn, RangesInsideLearnFromTheRoundingErrorAlone) {
  // Steps of 1/64 from -1; the elements stand 1/4 above, 1/8 below and on their codes.
  const float minimum = -1.0F;
  const float maximum = minimum + 255.0F / 64.0F;
  const torch::Tensor codes = torch::tensor({20.25F, 99.875F, 64.0F, 254.25F});
  const torch::Tensor x = (codes / 64.0F + minimum).view({1, 4, 1, 1}).contiguous(GetParam());
  const torch::Tensor dy = torch::tensor({3.0F, -5.0F, 7.0F, 2.0F}).view({1, 4, 1, 1});
  Chain chain;
  chain.before = range(minimum, maximum, /*learned=*/true);
  const auto results = gradients(apply_chain(x, chain), dy, learned_scalars(chain));
  const double expected = (3.0 * -0.25 - 5.0 * 0.125 + 2.0 * -0.25) / 255.0;
  const double gradient_scale = 1.0 / std::sqrt(4.0 * 255.0);
  EXPECT_NEAR(results[0].item<double>(), -expected * gradient_scale, 1e-9);
  EXPECT_NEAR(results[1].item<double>(), expected * gradient_scale, 1e-9);
}

TEST_P(FusedChainOn, SaturatedRangesHaveTheirFiniteDifferences) {
  const torch::Tensor x = torch::full({2, 4, 3, 3}, 9.0F).contiguous(GetParam());
  const auto sum_for = [&](float minimum, float maximum, bool negative) {
    Chain chain;
    chain.before = range(minimum, maximum);
    return apply_chain(negative ? -x : x, chain).sum().item<float>();
  };
  // Ranges whose zero point is a whole number before and after: minimum and maximum move together.
  const float by_maximum = (sum_for(-2.0F, 4.0F, false) - sum_for(-1.0F, 2.0F, false)) / 2.0F;
  const float by_minimum = (sum_for(-1.0F, 2.0F, true) - sum_for(-2.0F, 4.0F, true)) / 1.0F;
  const float scale = std::sqrt(4.0F * 9.0F * 255.0F);
  Chain chain;
  chain.before = range(-1.0F, 2.0F, /*learned=*/true);
  const std::vector<torch::Tensor> scalars = learned_scalars(chain);
  const torch::Tensor ones = torch::ones_like(x);
  const auto above = gradients(apply_chain(x, chain), ones, scalars);
  EXPECT_EQ(above[0].item<float>(), 0.0F);
  EXPECT_NEAR(above[1].item<float>() * scale, by_maximum, 0.01);
  const auto below = gradients(apply_chain(-x, chain), ones, scalars);
  EXPECT_NEAR(below[0].item<float>() * scale, by_minimum, 0.01);
  EXPECT_EQ(below[1].item<float>(), 0.0F);
}

TEST_P(FusedChainOn, RunningStatisticsFollowAsInLibtorch) {
  const Layer layer({3, 10, 7, 5}, GetParam());
  const BatchNorm norm = layer.norm();
  torch::Tensor mean = norm.running_mean.clone();
  torch::Tensor variance = norm.running_var.clone();
  batch_norm_chain(layer.x, norm, {});
  torch::batch_norm(layer.x, layer.weight, layer.bias, mean, variance, true, 0.01, 0.001, false);
  EXPECT_LE(relative_difference(norm.running_mean, mean), 1e-5);
  EXPECT_LE(relative_difference(norm.running_var, variance), 1e-5);
}

/// What one process computes of its share of the batch.
struct Share {
  torch::Tensor y;
  std::vector<torch::Tensor> gradients;  // of x, weight, bias
};

Share compute_share(const Layer& layer, const torch::Tensor& x, const torch::Tensor& dy,
                    const SumOverProcesses& sum) {
  BatchNorm norm = layer.norm();
  norm.sum = sum;
  const torch::Tensor leaf = x.detach().contiguous(kRows).requires_grad_();
  const Chain chain = {.before = range(-2.5F, 2.5F), .activation = Op::kHardSwish, .after = {}};
  const torch::Tensor y = batch_norm_chain(leaf, norm, chain);
  return {y, gradients(y, dy, {leaf, layer.weight, layer.bias})};
}

TEST(FusedChainOverProcesses, HalvesOfABatchGiveWhatTheWholeGives) {
  const Layer layer({6, 13, 8, 9}, kRows);
  std::vector<torch::Tensor> totals;
  const Share whole = compute_share(layer, layer.x, layer.dy,
                                    [&](torch::Tensor& sums) { totals.push_back(sums.clone()); });
  ASSERT_EQ(totals.size(), 2U);  // once forward, once backward
  EXPECT_EQ(totals[0].numel(), 2 * 13 + 1);
  EXPECT_EQ(totals[1].numel(), 2 * 13);
  std::vector<torch::Tensor> added = {torch::zeros_like(totals[0]), torch::zeros_like(totals[1])};
  std::vector<Share> shares;
  for (const std::int64_t begin : {0, 2}) {
    const std::int64_t count = begin == 0 ? 2 : 4;
    std::size_t call = 0;
    const SumOverProcesses sum = [&](torch::Tensor& sums) {
      added[call] += sums;
      sums.copy_(totals[call++]);
    };
    shares.push_back(compute_share(layer, layer.x.narrow(0, begin, count),
                                   layer.dy.narrow(0, begin, count), sum));
  }
  for (std::size_t i = 0; i < 2; ++i) EXPECT_LE(relative_difference(added[i], totals[i]), 1e-12);
  EXPECT_TRUE(torch::equal(torch::cat({shares[0].y, shares[1].y}), whole.y));
  const auto& first = shares[0].gradients;
  const auto& second = shares[1].gradients;
  EXPECT_TRUE(torch::equal(torch::cat({first[0], second[0]}), whole.gradients[0]));
  EXPECT_LE(relative_difference(first[1] + second[1], whole.gradients[1]), 1e-6);
  EXPECT_LE(relative_difference(first[2] + second[2], whole.gradients[2]), 1e-6);
}

TEST(FusedChain, TheNumberOfThreadsChangesNothing) {
  const Layer layer({7, 24, 12, 12}, kRows);
  const auto results = [&](int threads) {
    at::set_num_threads(threads);
    Chain chain = {.before = range(-2.0F, 2.0F, true), .activation = Op::kRelu, .after = {}};
    const torch::Tensor y = batch_norm_chain(layer.x, layer.norm(), chain);
    auto all =
        gradients(y, layer.dy,
                  {layer.x, layer.weight, layer.bias, chain.before.minimum, chain.before.maximum});
    all.push_back(y);
    return all;
  };
  const int threads = at::get_num_threads();
  const auto alone = results(1);
  const auto together = results(2);
  at::set_num_threads(threads);
  for (std::size_t i = 0; i < alone.size(); ++i)
    EXPECT_TRUE(torch::equal(alone[i], together[i])) << i;
}

TEST(FusedChain, GradientsInDoubleAreFiniteDifferences) {
  torch::manual_seed(21);
  const torch::Tensor x = torch::randn({2, 3, 3, 2}, torch::kDouble).requires_grad_();
  const torch::Tensor weight = (torch::rand({3}, torch::kDouble) + 0.5).requires_grad_();
  const torch::Tensor bias = torch::randn({3}, torch::kDouble).requires_grad_();
  const torch::Tensor dy = torch::randn({2, 3, 3, 2}, torch::kDouble);
  const auto value = [&] {
    const BatchNorm norm = {.weight = weight,
                            .bias = bias,
                            .running_mean = torch::zeros({3}, torch::kDouble),
                            .running_var = torch::ones({3}, torch::kDouble),
                            .sum = {}};
    return batch_norm_chain(x, norm, {.before = {}, .activation = Op::kHardSwish, .after = {}});
  };
  const auto analytic = gradients(value(), dy, {x, weight, bias});
  const torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-6;
  const torch::Tensor leaves[] = {x, weight, bias};
  for (std::size_t i = 0; i < 3; ++i) {
    torch::Tensor flat = leaves[i].view(-1);
    for (std::int64_t j = 0; j < flat.numel(); ++j) {
      const auto kept = flat[j].item<double>();
      flat[j] = kept + kStep;
      const auto above = (value() * dy).sum().item<double>();
      flat[j] = kept - kStep;
      const auto below = (value() * dy).sum().item<double>();
      flat[j] = kept;
      EXPECT_NEAR(analytic[i].reshape(-1)[j].item<double>(), (above - below) / (2.0 * kStep), 1e-7)
          << "gradient " << i << ", element " << j;
    }
  }
}

TEST(FusedChain, NotANumberStaysOne) {
  torch::Tensor x = torch::zeros({1, 8, 2, 2}).contiguous(kRows);
  x[0][3][1][1] = NAN;
  Chain chain = {.before = range(-1.0F, 1.0F), .activation = Op::kRelu, .after = {}};
  chain.after = range(0.0F, 1.0F);
  EXPECT_TRUE(std::isnan(apply_chain(x, chain).sum().item<float>()));
}

TEST(FusedChain, GatesOfOtherChannelsAreRefused) {
  const torch::Tensor x = torch::zeros({2, 8, 3, 3});
  EXPECT_THROW(multiply_chain(x, torch::ones({2, 4, 1, 1}), {}), c10::Error);
}

TEST(FusedChain, OtherOperationsAreRefused) {
  const Chain chain = {.before = {}, .activation = Op::kConv, .after = {}};
  EXPECT_THROW(apply_chain(torch::zeros({1, 8, 2, 2}), chain), c10::Error);
}

}  // namespace
}  // namespace coco_mcu::training
