// Operators of TensorFlow Lite, each in a small network: what the engine makes of the imported
// model is what their definitions give, written down here once more (gemmlowp's quantized
// multiplication; Jacob et al. 2018).
#include "exchange/import_tflite.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/seal.h"
#include "exchange/tflite_file.h"
#include "planning/whole_tensor.h"
#include "tests/support/integer_run.h"
#include "tests/support/random_layer.h"

namespace coco_mcu {
namespace {

using exchange::TfliteOp;
using exchange::TfliteOperator;
using exchange::TfliteTensor;
using Codes = std::vector<std::uint8_t>;

constexpr int kSize = 6;
constexpr int kChannels = 3;

/// Zero point as a code.
struct Grid {
  float scale = 0.05F;
  int zero = 128;
};

Grid random_grid(testing::Random& random) {
  return {static_cast<float>(random.between(20, 2000)) * 1e-4F, random.size(0, 255)};
}

/// A file that begins with pictures of 6x6x3 and ends, behind the last tensor that was made, in an
/// average, a fully connected layer and a softmax.
class Small {
 public:
  explicit Small(Grid input) {
    file_.input = last_ = codes("x", {1, kSize, kSize, kChannels}, input);
  }

  int codes(const char* name, std::vector<int> shape, Grid grid) {
    TfliteTensor tensor;
    tensor.name = name;
    tensor.shape = std::move(shape);
    tensor.type = exchange::kTfliteInt8;
    tensor.scales = {grid.scale};
    tensor.zero_points = {grid.zero - 128};
    file_.tensors.push_back(tensor);
    return static_cast<int>(file_.tensors.size()) - 1;
  }

  template <typename Number>
  int constant(std::vector<int> shape, int type, const std::vector<Number>& numbers, Grid grid) {
    const int made = codes("constant", std::move(shape), grid);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(numbers.data());
    constants_.emplace_back(bytes, bytes + numbers.size() * sizeof(Number));
    TfliteTensor& tensor = file_.tensors[static_cast<std::size_t>(made)];
    tensor.type = type;
    tensor.data = constants_.back();
    return made;
  }
  int integers(const std::vector<std::int32_t>& numbers) {
    return constant({static_cast<int>(numbers.size())}, exchange::kTfliteInt32, numbers, {});
  }
  int weights(std::vector<int> shape, const std::vector<std::int8_t>& numbers, float scale) {
    return constant(std::move(shape), exchange::kTfliteInt8, numbers, {scale, 128});
  }

  int op(TfliteOp kind, std::vector<int> inputs, int output, TfliteOperator of = {}) {
    of.op = kind;
    of.inputs = std::move(inputs);
    of.output = output;
    file_.operators.push_back(of);
    return last_ = output;
  }
  int op(TfliteOp kind, std::vector<int> inputs, const char* name, std::vector<int> shape,
         Grid grid, TfliteOperator of = {}) {
    return op(kind, std::move(inputs), codes(name, std::move(shape), grid), std::move(of));
  }

  exchange::TfliteFile& file() { return file_; }

  model::IntegerModel import() {
    finish();
    const std::string bytes = exchange::write_tflite(file_, "small");
    model::IntegerModel made = exchange::import_tflite(
        {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "small.tflite",
        {.name = "small", .labels = {"no person", "person"}});
    made.plan = planning::plan_whole_tensors(made);
    engine::seal(made);
    return made;
  }

 private:
  void finish() {
    const std::vector<int> shape = file_.tensors[static_cast<std::size_t>(last_)].shape;
    const int channels = shape.back();
    if (shape.size() == 4 && shape[1] > 1) {
      op(TfliteOp::kMean, {last_, integers({1, 2})}, "mean", {1, 1, 1, channels}, {0.1F, 128});
    }
    op(TfliteOp::kFullyConnected,
       {last_,
        weights({2, channels}, std::vector<std::int8_t>(std::size_t{2} * channels, 1), 0.1F)},
       "logits", {1, 2}, {0.1F, 128});
    file_.output = op(TfliteOp::kSoftmax, {last_}, "probabilities", {1, 2}, {1.0F / 256.0F, 0});
  }

  exchange::TfliteFile file_;
  std::deque<Codes> constants_;
  int last_ = 0;
};

/// The engine's tensors by the names that the file gives them.
class Tensors {
 public:
  explicit Tensors(Small& from, std::uint32_t seed = 1) : model_(from.import()) {
    testing::Random random(seed);
    codes_ =
        testing::run_integer(model_, random.bytes(std::size_t{kSize} * kSize * kChannels)).codes;
  }

  const Codes& operator[](const std::string& name) const {
    const auto found =
        std::ranges::find(model_.operators, name == "x" ? "input" : name, &model::Operator::name);
    return codes_[static_cast<std::size_t>(found - model_.operators.begin())];
  }
  const model::IntegerModel& model() const { return model_; }

 private:
  model::IntegerModel model_;
  std::vector<Codes> codes_;
};

/// Options of a pool or a convolution without padding.
TfliteOperator window(int size, int stride) {
  TfliteOperator of;
  of.filter_height = of.filter_width = size;
  of.stride = stride;
  return of;
}

/// value * real, as a multiplier of 31 bits, rounded twice.
std::int64_t scaled(std::int64_t value, double real) {
  int exponent = 0;
  const double significand = std::frexp(real, &exponent);
  auto multiplier = std::llround(significand * 2147483648.0);
  if (multiplier == 2147483648LL) {
    multiplier /= 2;
    ++exponent;
  }
  const double product = static_cast<double>(value) * std::ldexp(1.0, std::max(exponent, 0)) *
                         static_cast<double>(multiplier);
  const double high = std::floor(product / 2147483648.0 + 0.5);  // halves upwards
  return exponent < 0 ? std::llround(std::ldexp(high, exponent)) : std::llround(high);
}

std::uint8_t code(std::int64_t value, const Grid& grid, int low = 0) {
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value + grid.zero, low, 255));
}

std::uint8_t sum(int a, const Grid& x, int b, const Grid& y, const Grid& out) {
  const double unit = 2.0 * double{std::max(x.scale, y.scale)};
  const std::int64_t fine = scaled(std::int64_t{a - x.zero} << 20, double{x.scale} / unit) +
                            scaled(std::int64_t{b - y.zero} << 20, double{y.scale} / unit);
  return code(scaled(fine, unit / (1048576.0 * double{out.scale})), out);
}

std::uint8_t product(int a, const Grid& x, int b, const Grid& y, const Grid& out) {
  return code(scaled(std::int64_t{a - x.zero} * (b - y.zero),
                     double{x.scale} * double{y.scale} / double{out.scale}),
              out);
}

std::size_t at(int row, int column, int channel, int width = kSize) {
  return (static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
          static_cast<std::size_t>(column)) *
             kChannels +
         static_cast<std::size_t>(channel);
}

const std::vector<int> kShape = {1, kSize, kSize, kChannels};

TEST(ImportedAdd, RoundsAsTheReferenceKernelDoes) {
  testing::Random random(1);
  for (int trial = 0; trial < 30; ++trial) {
    const Grid x = random_grid(random);
    const Grid y = trial % 3 == 0 ? Grid{x.scale, 7} : random_grid(random);
    const Grid out = {std::max(x.scale, y.scale) * 1.5F, random.size(0, 255)};
    Small small(x);
    const int other = small.op(TfliteOp::kRelu6, {0}, "y", kShape, y);
    small.op(TfliteOp::kAdd, {0, other}, "sum", kShape, out);
    const Tensors run(small, static_cast<std::uint32_t>(trial));
    for (std::size_t i = 0; i < run["sum"].size(); ++i) {
      ASSERT_EQ(run["sum"][i], sum(run["x"][i], x, run["y"][i], y, out)) << trial << " " << i;
    }
  }
}

TEST(ImportedAdd, TakesAConstantAndARelu) {
  const Grid x = {0.03F, 100};
  const Grid constant = {0.01F, 128};
  const Grid out = {0.04F, 90};
  Small small(x);
  TfliteOperator of;
  of.activation = exchange::kTfliteRelu;
  const int number =
      small.constant({1}, exchange::kTfliteInt8, std::vector<std::int8_t>{-60}, constant);
  small.op(TfliteOp::kAdd, {0, number}, "sum", kShape, out, of);
  const Tensors run(small);
  for (std::size_t i = 0; i < run["sum"].size(); ++i) {
    ASSERT_EQ(run["sum"][i], std::max<int>(sum(run["x"][i], x, 128 - 60, constant, out), out.zero));
  }
}

TEST(ImportedMul, RoundsAsTheReferenceKernelDoes) {
  testing::Random random(2);
  for (int trial = 0; trial < 30; ++trial) {
    const Grid x = random_grid(random);
    const Grid y = random_grid(random);
    const Grid out = {x.scale * y.scale * 90.0F, random.size(0, 255)};
    Small small(x);
    const int other = small.op(TfliteOp::kRelu, {0}, "y", kShape, y);
    small.op(TfliteOp::kMul, {0, other}, "product", kShape, out);
    const Tensors run(small, static_cast<std::uint32_t>(trial));
    for (std::size_t i = 0; i < run["product"].size(); ++i) {
      ASSERT_EQ(run["product"][i], product(run["x"][i], x, run["y"][i], y, out)) << trial;
    }
  }
}

TEST(ImportedMul, TakesAPixelOnEitherSideAndAConstant) {
  const Grid x = {0.05F, 120};
  const Grid y = {0.02F, 60};
  const Grid out = {0.1F, 128};
  for (const bool is_first : {true, false}) {
    Small small(x);
    const int mean =
        small.op(TfliteOp::kMean, {0, small.integers({1, 2})}, "pixel", {1, 1, 1, kChannels}, y);
    small.op(TfliteOp::kMul, is_first ? std::vector{mean, 0} : std::vector{0, mean}, "product",
             kShape, out);
    const Tensors run(small);
    for (std::size_t i = 0; i < run["product"].size(); ++i) {
      ASSERT_EQ(run["product"][i], product(run["x"][i], x, run["pixel"][i % kChannels], y, out));
    }
  }
  Small small(x);
  const int half = small.constant({}, exchange::kTfliteInt8, std::vector<std::int8_t>{77}, y);
  small.op(TfliteOp::kMul, {half, 0}, "product", kShape, out);
  const Tensors run(small);
  for (std::size_t i = 0; i < run["product"].size(); ++i) {
    ASSERT_EQ(run["product"][i], product(run["x"][i], x, 128 + 77, y, out));
  }
}

/// Rows and columns three times each, cut by one in front and to a given size.
int enlarge(Small& small, int from, int size, const Grid& grid) {
  TfliteOperator of;
  of.has_half_pixels = true;
  const int whole = 3 * kSize;
  const int resized = small.op(TfliteOp::kResizeNearest, {from, small.integers({whole, whole})},
                               "whole", {1, whole, whole, kChannels}, grid, of);
  const int begin = small.integers({0, 1, 1, 0});
  return small.op(TfliteOp::kSlice, {resized, begin, small.integers({1, size, size, kChannels})},
                  "cut", {1, size, size, kChannels}, grid);
}

TEST(ImportedResize, RepeatsRowsAndColumns) {
  const Grid x = {0.05F, 120};
  Small small(x);
  const int cut = enlarge(small, 0, 11, x);
  small.op(TfliteOp::kRelu, {cut}, "read", {1, 11, 11, kChannels}, x);
  const Tensors run(small);
  for (int row = 0; row < 11; ++row) {
    for (int column = 0; column < 11; ++column) {
      ASSERT_EQ(run["cut"][at(row, column, 2, 11)],
                run["x"][at((row + 1) / 3, (column + 1) / 3, 2)]);
    }
  }
}

TEST(ImportedResize, OfAFactorIsReadAtAnIndex) {
  const Grid x = {0.05F, 120};
  Small small(x);
  const int mask = small.op(TfliteOp::kMaxPool, {0}, "mask", {1, 3, 3, kChannels}, x, window(2, 2));
  TfliteOperator of;
  of.has_half_pixels = true;
  const int wide =
      small.op(TfliteOp::kResizeNearest, {mask, small.integers({6, 6})}, "wide", kShape, x, of);
  small.op(TfliteOp::kMul, {0, wide}, "product", kShape, x);
  const Tensors run(small);
  EXPECT_THAT(run.model().operators, ::testing::Not(::testing::Contains(::testing::Field(
                                         &model::Operator::kind, model::OperatorKind::kUpsample))));
  for (int row = 0; row < kSize; ++row) {
    ASSERT_EQ(run["product"][at(row, 5, 1)],
              product(run["x"][at(row, 5, 1)], x, run["mask"][at(row / 2, 2, 1, 3)], x, x));
  }
}

/// Sums of (code - zero) * weight over a window, zeros outside.
std::int64_t window_sum(const Codes& x, const Grid& grid, int row, int column, int size,
                        const std::function<int(int, int, int)>& weight) {
  std::int64_t sum = 0;
  for (int r = 0; r < size; ++r) {
    for (int c = 0; c < size; ++c) {
      const int y = row + r;
      const int z = column + c;
      if (y < 0 || z < 0 || y >= kSize || z >= kSize) continue;
      for (int k = 0; k < kChannels; ++k) sum += (x[at(y, z, k)] - grid.zero) * weight(r, c, k);
    }
  }
  return sum;
}

TEST(ImportedPad, IsPaddingOfTheConvolutionBehindIt) {
  const Grid x = {0.05F, 120};
  const Grid out = {0.06F, 100};
  Small small(x);
  const int zeros = small.constant({4, 2}, exchange::kTfliteInt32,
                                   std::vector<std::int32_t>{0, 0, 1, 0, 1, 0, 0, 0}, {});
  const int padded = small.op(TfliteOp::kPad, {0, zeros}, "padded", {1, 7, 7, kChannels}, x);
  std::vector<std::int8_t> numbers;
  for (int i = 0; i < 27; ++i) numbers.push_back(static_cast<std::int8_t>(7 * i - 90));
  small.op(TfliteOp::kConvolution, {padded, small.weights({1, 3, 3, kChannels}, numbers, 0.01F)},
           "convolution", {1, 3, 3, 1}, out, window(0, 2));
  const Tensors run(small);
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      const std::int64_t sum =
          window_sum(run["x"], x, 2 * row - 1, 2 * column - 1, 3, [&](int r, int c, int k) {
            return numbers[static_cast<std::size_t>((r * 3 + c) * kChannels + k)];
          });
      ASSERT_EQ(run["convolution"][static_cast<std::size_t>(row * 3 + column)],
                code(scaled(sum, double{0.05F} * double{0.01F} / double{0.06F}), out));
    }
  }
}

TEST(ImportedAverage, OfPartsOfATensor) {
  const Grid x = {0.05F, 10};
  Small small(x);
  small.op(TfliteOp::kAveragePool, {0}, "average", {1, 2, 2, kChannels}, x, window(3, 3));
  const Tensors run(small);
  for (int row = 0; row < 2; ++row) {
    for (int channel = 0; channel < kChannels; ++channel) {
      const std::int64_t sum =
          window_sum(run["x"], {1.0F, 0}, 3 * row, 3, 3,
                     [channel](int, int, int k) { return k == channel ? 1 : 0; });
      ASSERT_EQ(run["average"][at(row, 1, channel, 2)], (2 * sum + 9) / 18);
    }
  }
}

std::int64_t quotient(std::int64_t sum, std::int64_t count) {
  return std::llround(static_cast<double>(sum) / static_cast<double>(count));
}

TEST(ImportedMean, RescalesItsSumAndThenAverages) {
  testing::Random random(3);
  int differing = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const Grid x = random_grid(random);
    const Grid out = {trial % 2 == 0 ? x.scale : x.scale * 0.7F,
                      trial % 2 == 0 ? x.zero : random.size(0, 255)};
    Small small(x);
    small.op(TfliteOp::kMean, {0, small.integers({2, 1})}, "average", {1, kChannels}, out);
    const Tensors run(small, static_cast<std::uint32_t>(trial));
    for (int channel = 0; channel < kChannels; ++channel) {
      const std::int64_t sum = window_sum(
          run["x"], x, 0, 0, kSize, [channel](int, int, int k) { return k == channel ? 1 : 0; });
      const std::int64_t rescaled = scaled(sum, double{x.scale} / double{out.scale});
      const int expected = code(quotient(rescaled, kSize * kSize), out);
      const int found = run["average"][static_cast<std::size_t>(channel)];
      ASSERT_NEAR(found, expected, 1) << trial;
      if (found != expected) ++differing;
    }
  }
  EXPECT_LE(differing, 2);
}

TEST(ImportedFullyConnected, ReadsRowsAndColumnsOfAFlattenedTensor) {
  const Grid x = {0.05F, 120};
  const Grid out = {0.2F, 128};
  Small small(x);
  constexpr int kAll = kSize * kSize * kChannels;
  const int flat =
      small.op(TfliteOp::kReshape, {0, small.integers({1, kAll})}, "flat", {1, kAll}, x);
  std::vector<std::int8_t> numbers;
  for (int i = 0; i < kAll; ++i) numbers.push_back(static_cast<std::int8_t>(i % 19 - 9));
  small.op(TfliteOp::kFullyConnected, {flat, small.weights({1, kAll}, numbers, 0.01F)}, "dense",
           {1, 1}, out);
  const Tensors run(small);
  const std::int64_t sum = window_sum(run["x"], x, 0, 0, kSize,
                                      [&](int r, int c, int k) { return numbers[at(r, c, k)]; });
  EXPECT_EQ(run["dense"][0], code(scaled(sum, double{0.05F * 0.01F} / double{0.2F}), out));
}

TEST(ImportedGather, OfCodesFrom0IsATable) {
  const Grid x = {0.05F, 120};
  Small small(x);
  const auto wide = [&](const char* name) {
    const int made = small.codes(name, kShape, x);
    small.file().tensors[static_cast<std::size_t>(made)].type = exchange::kTfliteInt32;
    return made;
  };
  std::vector<std::int8_t> table;
  for (int i = 0; i < 256; ++i) table.push_back(static_cast<std::int8_t>(i * 37 % 256 - 128));
  const int numbers = small.op(TfliteOp::kCast, {0}, wide("numbers"));
  const int indices = small.op(TfliteOp::kAdd, {numbers, small.integers({128})}, wide("indices"));
  small.op(TfliteOp::kGather, {small.weights({256}, table, 0.05F), indices}, "curve", kShape, x);
  const Tensors run(small);
  for (std::size_t i = 0; i < run["curve"].size(); ++i) {
    ASSERT_EQ(run["curve"][i], run["x"][i] * 37 % 256);
  }
}

TEST(ImportedFile, MayHaveRealNumbersAtItsEnds) {
  const Grid x = {0.05F, 120};
  Small small(x);
  const int real = small.codes("real", kShape, x);
  small.file().tensors[static_cast<std::size_t>(real)].type = exchange::kTfliteFloat;
  small.file().input = real;
  small.op(TfliteOp::kQuantize, {real}, 0);
  const int negative = small.op(TfliteOp::kLogistic, {0}, "gate", kShape, {1.0F / 256.0F, 0});
  small.op(TfliteOp::kMul, {0, negative}, "product", kShape, x);
  const Tensors run(small);
  for (std::size_t i = 0; i < run["gate"].size(); ++i) {
    const double value = 0.05 * (run["x"][i] - 120);
    EXPECT_NEAR(run["gate"][i], std::min(256.0 / (1.0 + std::exp(-value)), 255.0), 1.0);
  }
}

TEST(ImportedFile, NamesTheOperatorThatItRefuses) {
  Small small({0.05F, 120});
  const int other =
      small.op(TfliteOp::kMaxPool, {0}, "pool", {1, 3, 3, kChannels}, {0.05F, 120}, window(2, 2));
  small.op(TfliteOp::kAdd, {0, other}, "sum", kShape, {0.1F, 120});
  EXPECT_THAT([&] { small.import(); },
              ::testing::ThrowsMessage<std::runtime_error>(::testing::HasSubstr(
                  "small.tflite: operator 1 (ADD): adds tensors of different shapes")));
}

}  // namespace
}  // namespace coco_mcu
