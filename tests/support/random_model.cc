#include "tests/support/random_model.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/seal.h"
#include "model/operator_attributes.h"
#include "planning/whole_tensor.h"

namespace coco_mcu::testing {
namespace {

using model::Operator;
using model::OperatorKind;

class Writer {
 public:
  Writer(std::uint32_t seed, core::WeightFormat format) : random_(seed), format_(format) {}

  int below(int limit) { return static_cast<int>(random_() % static_cast<std::uint32_t>(limit)); }

  int input(int height, int width) {
    Operator layer = make(OperatorKind::kInput, {}, height, width, 3);
    layer.zero_point = 120;
    return append(std::move(layer));
  }

  int convolution(int x, int channels, int kernel = 1, int stride = 1, int padding = 0) {
    return windowed(OperatorKind::kConvolution, x, channels, kernel, stride, padding);
  }

  int depthwise(int x, int kernel, int stride) {
    return windowed(OperatorKind::kDepthwise, x, at(x).channels, kernel, stride, kernel / 2);
  }

  int average(int x) {
    Operator layer = make(OperatorKind::kGlobalAverage, {x}, 1, 1, at(x).channels);
    const double pixels = double(at(x).height) * at(x).width;
    layer.requantization = rule({1.0 / pixels}, {at(x).zero_point + 0.5});
    return append(std::move(layer));
  }

  /// Reads `by` at (i + offset) / factor.
  int multiply(int x, int by, int factor, int offset) {
    Operator layer =
        make(OperatorKind::kMultiply, {x, by}, at(x).height, at(x).width, at(x).channels);
    layer.factor = factor;
    layer.offset = offset;
    layer.requantization = rule({1.0 / 200}, {0.5 + below(100)});
    return append(std::move(layer));
  }

  int add(int x, int y) {
    Operator layer = make(OperatorKind::kAdd, {x, y}, at(x).height, at(x).width, at(x).channels);
    layer.factors[0] = static_cast<std::int16_t>(6000 + below(2000));
    layer.factors[1] = static_cast<std::int16_t>(6000 + below(2000));
    layer.requantization = rule({1.0 / 14000}, {(at(x).zero_point + at(y).zero_point) / 2 + 0.5});
    return append(std::move(layer));
  }

  int max_pool(int x) {
    Operator layer =
        make(OperatorKind::kMaxPool, {x}, at(x).height / 2, at(x).width / 2, at(x).channels);
    layer.kernel = layer.stride = 2;
    return append(std::move(layer));
  }

  int upsample(int x, int height, int width) {
    Operator layer = make(OperatorKind::kUpsample, {x}, height, width, at(x).channels);
    layer.factor = 2;
    return append(std::move(layer));
  }

  int lookup(int x) {
    Operator layer = make(OperatorKind::kLookup, {x}, at(x).height, at(x).width, at(x).channels);
    layer.zero_point = -255;
    layer.requantization.table = table();
    return append(std::move(layer));
  }

  /// The second input's codes go through a table.
  int concatenate(int x, int y) {
    Operator layer = make(OperatorKind::kConcatenate, {x, y}, at(x).height, at(x).width,
                          at(x).channels + at(y).channels);
    layer.zero_point = at(x).zero_point;
    layer.second_table = table();
    return append(std::move(layer));
  }

  int softmax(int x) {
    Operator layer = make(OperatorKind::kSoftmax, {x}, 1, 1, at(x).channels);
    for (int d = 0; d < 256; ++d) {
      layer.exponentials.push_back(
          static_cast<std::uint16_t>(std::lround(65535 * std::exp(-0.03 * d))));
    }
    return append(std::move(layer));
  }

  const Operator& at(int index) const { return operators_[static_cast<std::size_t>(index)]; }
  std::vector<Operator> take() { return std::move(operators_); }

  std::vector<std::uint8_t> table() {
    std::vector<std::uint8_t> result(256);
    for (auto& code : result) code = static_cast<std::uint8_t>(below(256));
    return result;
  }

 private:
  static Operator make(OperatorKind kind, std::vector<int> inputs, int height, int width,
                       int channels) {
    Operator layer;
    layer.kind = kind;
    layer.inputs = std::move(inputs);
    layer.height = height;
    layer.width = width;
    layer.channels = channels;
    layer.scale = 0.05F;
    return layer;
  }

  int append(Operator layer) {
    layer.name = std::string(model::kind_name(layer.kind)) + std::to_string(operators_.size());
    operators_.push_back(std::move(layer));
    return static_cast<int>(operators_.size()) - 1;
  }

  int windowed(OperatorKind kind, int x, int channels, int kernel, int stride, int padding) {
    const auto size = [&](int in) { return (in + 2 * padding - kernel) / stride + 1; };
    Operator layer = make(kind, {x}, size(at(x).height), size(at(x).width), channels);
    layer.kernel = kernel;
    layer.stride = stride;
    layer.padding = padding;
    layer.format = format_;
    layer.zero_point = below(256);
    const std::size_t count = model::window_weights(layer, at(x));
    const std::size_t row_bytes = core::packed_row_bytes(format_, count);
    layer.weights.resize(static_cast<std::size_t>(channels) * row_bytes);
    std::vector<std::uint8_t> codes(count);
    for (std::size_t row = 0; row < static_cast<std::size_t>(channels); ++row) {
      for (auto& code : codes) code = static_cast<std::uint8_t>(below(core::weight_codes(format_)));
      core::pack_codes(format_, codes.data(), count, layer.weights.data() + row * row_bytes);
    }
    // Outputs spread over the codes: sums of n random products are about sqrt(n) * 128 * |w|.
    const double spread = std::sqrt(double(count)) * 128 * core::weight_magnitude(format_);
    std::vector<double> multipliers;
    std::vector<double> offsets;
    for (int channel = 0; channel < channels; ++channel) {
      multipliers.push_back((60.0 + below(100)) / spread);
      offsets.push_back(below(256) + 0.5);
    }
    layer.requantization = rule(multipliers, offsets);
    if (below(3) == 0) layer.requantization.table = table();
    if (below(3) == 0) layer.requantization.low = 20;
    return append(std::move(layer));
  }

  /// Shifts of one kind for all: m = M * 2^(16 + 8), b in half codes.
  static model::Requantization rule(const std::vector<double>& multipliers,
                                    const std::vector<double>& offsets) {
    model::Requantization result;
    double largest = 0;
    for (const double m : multipliers) largest = std::max(largest, m);
    while (std::ldexp(largest, result.shift + 17) < 32767 && result.shift < 20) ++result.shift;
    result.offset_shift = static_cast<std::uint8_t>(std::max(0, result.shift - 1));
    for (std::size_t i = 0; i < multipliers.size(); ++i) {
      result.multipliers.push_back(static_cast<std::int16_t>(
          std::min(32767.0, std::ldexp(multipliers[i], 16 + result.shift))));
      const int unit = result.shift - result.offset_shift;
      result.offsets.push_back(
          static_cast<std::int16_t>(std::lround(std::ldexp(offsets[i], unit))));
    }
    return result;
  }

  std::mt19937 random_;
  core::WeightFormat format_;
  std::vector<Operator> operators_;
};

/// A mask of half the size from a pooled branch.
int mask(Writer& net, int x) {
  const int pooled = net.max_pool(x);
  const int coarse = net.convolution(net.max_pool(pooled), net.at(x).channels);
  const int fine = net.upsample(coarse, net.at(coarse).height * 2, net.at(coarse).width * 2);
  return net.lookup(net.convolution(fine, net.at(x).channels));
}

int bottleneck(Writer& net, int x, int expand, int channels, int kernel, int stride) {
  int inner = net.depthwise(net.convolution(x, expand), kernel, stride);
  const int squeezed = net.convolution(net.average(inner), std::max(1, expand / 4));
  const int gate = net.convolution(squeezed, expand);
  inner = net.multiply(inner, gate, std::max(net.at(inner).height, net.at(inner).width), 0);
  const int projected = net.convolution(inner, channels);
  const bool is_residual = stride == 1 && net.at(x).channels == channels;
  return is_residual ? net.add(projected, x) : projected;
}

}  // namespace

model::IntegerModel random_model(std::uint32_t seed, const RandomModelOptions& options) {
  Writer net(seed, options.format);
  model::IntegerModel result;
  result.network = "random";
  result.preprocessing.height = options.height;
  result.preprocessing.width = options.width;
  for (auto& table : result.input_tables) {
    const auto codes = net.table();
    std::copy(codes.begin(), codes.end(), table.begin());
  }
  const int input = net.input(options.height, options.width);
  // One random number per statement: compilers do not agree on the order of arguments.
  const int drawn_stride = 1 + net.below(2);
  const int first_stride = options.first_stride > 0 ? options.first_stride : drawn_stride;
  const int first_channels = 5 + net.below(8);
  const int first = net.convolution(input, first_channels, 3, first_stride, 1);
  const int masked = net.multiply(first, mask(net, first), 4, 0);
  const int channels = 10 + net.below(8);
  int x = bottleneck(net, masked, 8 + net.below(16), channels, 3, 2);
  const int kernel = net.below(2) == 0 ? 3 : 5;
  x = bottleneck(net, x, 20 + net.below(20), channels, kernel, 1);
  x = net.concatenate(x, net.depthwise(x, 3, 1));
  const int hidden = 20 + net.below(20);
  x = net.convolution(net.average(net.convolution(x, 30 + net.below(10))), hidden);
  net.softmax(net.convolution(x, 2));
  result.operators = net.take();
  result.labels = {"no person", "person"};
  result.decision_label = 1;
  result.provenance = {{"seed", std::to_string(seed)}};
  return result;
}

model::IntegerModel finished_random_model(std::uint32_t seed, const RandomModelOptions& options) {
  model::IntegerModel result = random_model(seed, options);
  result.plan = planning::plan_whole_tensors(result);
  engine::seal(result);
  return result;
}

}  // namespace coco_mcu::testing
