#include "lowering/intervals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "lowering/parameters.h"

namespace coco_mcu::lowering {

using network::Node;
using network::NodeId;
using network::Op;
using network::QuantizedTensor;

namespace {

constexpr double kDoubleUlp = std::numeric_limits<double>::epsilon();
constexpr double kFloatUlp = std::numeric_limits<float>::epsilon();

double magnitude(const Interval& x) {
  return std::max(std::abs(x.low), std::abs(x.high));
}

/// Wider by what a few roundings of numbers of this magnitude can lose. Zero stays zero.
Interval widened(const Interval& x, double lost) {
  return {x.low - lost, x.high + lost};
}

Interval widened(const Interval& x) {
  return widened(x, 8 * kDoubleUlp * magnitude(x));
}

Interval with_zero(const Interval& x) {
  return {std::min(x.low, 0.0), std::max(x.high, 0.0)};
}

Interval scaled(const Interval& x, double factor) {
  return {std::min(x.low * factor, x.high * factor), std::max(x.low * factor, x.high * factor)};
}

Interval sum(const Interval& a, const Interval& b) {
  const double lost = kDoubleUlp * (magnitude(a) + magnitude(b));
  return widened({a.low + b.low, a.high + b.high}, lost);
}

Interval product(const Interval& a, const Interval& b) {
  const Interval at_low = scaled(a, b.low);
  const Interval at_high = scaled(a, b.high);
  return widened({std::min(at_low.low, at_high.low), std::max(at_low.high, at_high.high)});
}

/// Of a function that never falls.
template <typename Function>
Interval of_rising(const Interval& x, Function function) {
  return widened({function(x.low), function(x.high)});
}

double hard_sigmoid(double x) {
  return std::clamp(x + 3.0, 0.0, 6.0) / 6.0;
}

/// x * hard_sigmoid(x) falls to its lowest value, -3/8 at -3/2, and rises from there.
Interval of_hard_swish(const Interval& x) {
  constexpr double kLowestAt = -1.5;
  const double at_low = x.low * hard_sigmoid(x.low);
  const double at_high = x.high * hard_sigmoid(x.high);
  const bool holds_lowest = x.low <= kLowestAt && kLowestAt <= x.high;
  return widened({holds_lowest ? -0.375 : std::min(at_low, at_high), std::max(at_low, at_high)});
}

/// Both ends on the grid: fake quantization never falls. A value next to the border of two codes
/// may get either, as the sum that it is rounds in float32: the ends go outwards by that much
/// first.
Interval of_quantizer(const Interval& exact, const QuantizationGrid& grid) {
  const Interval x = widened(exact, 4 * kFloatUlp * magnitude(exact));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  auto low = static_cast<float>(x.low);
  auto high = static_cast<float>(x.high);
  if (low > x.low) low = std::nextafter(low, -kInfinity);
  if (high < x.high) high = std::nextafter(high, kInfinity);
  return {fake_quantize(low, grid), fake_quantize(high, grid)};
}

/// For each row (or column) of a kernel, whether it ever reads padding.
std::vector<bool> reaches_padding(const Node& node, int input_size, int output_size) {
  std::vector<bool> reaches(node.kernel);
  for (int tap = 0; tap < node.kernel; ++tap) {
    const int first = tap - node.padding;
    const int last = first + (output_size - 1) * node.stride;
    reaches[tap] = first < 0 || last >= input_size;
  }
  return reaches;
}

/// The weighted sum over a kernel's window, one product after the other.
class WindowSum {
 public:
  void add(double weight, const Interval& x) {
    if (weight == 0.0) return;
    const Interval product = scaled(x, weight);
    sum_.low += product.low;
    sum_.high += product.high;
    magnitude_ += magnitude(product);
    ++terms_;
  }
  /// Each product and each sum loses at most half a unit of the sum of all magnitudes.
  Interval result() const { return widened(sum_, terms_ * kDoubleUlp * magnitude_); }

 private:
  Interval sum_;
  double magnitude_ = 0.0;
  int terms_ = 0;
};

class Analysis {
 public:
  Analysis(const network::Network& network, const network::Tensors& tensors,
           const core::Preprocessing& preprocessing)
      : network_(network), tensors_(tensors), preprocessing_(preprocessing) {}

  std::vector<Interval> of_node(const Node& node, const Intervals& known) const {
    switch (node.op) {
      case Op::kInput:
        return input(node);
      case Op::kConv:
      case Op::kDepthwiseConv:
        return convolution(node, known[node.inputs[0]]);
      case Op::kBatchNorm:
        return batch_norm(node, known[node.inputs[0]]);
      case Op::kConcatenate:
        return concatenation(node, known);
      case Op::kSoftmax:
        return std::vector<Interval>(node.output.channels, Interval{0.0, 1.0});
      default:
        return elementwise(node, known);
    }
  }

 private:
  std::vector<Interval> input(const Node& node) const {
    std::vector<Interval> pixels;
    for (int c = 0; c < node.output.channels; ++c) {
      const double mean = preprocessing_.mean[c];
      const double deviation = preprocessing_.deviation[c];
      const Interval exact = {-mean / deviation, (1.0 - mean) / deviation};
      pixels.push_back(widened(exact, 4 * kFloatUlp * magnitude(exact)));  // pixels are float32
    }
    return pixels;
  }

  std::vector<Interval> convolution(const Node& node, const std::vector<Interval>& x) const {
    const auto& weights = parameter(tensors_, node, "weight");
    const network::Shape& input_shape = network_.nodes[node.inputs[0]].output;
    const auto rows = reaches_padding(node, input_shape.height, node.output.height);
    const auto columns = reaches_padding(node, input_shape.width, node.output.width);
    const bool is_depthwise = node.op == Op::kDepthwiseConv;
    const std::size_t inputs = is_depthwise ? 1 : x.size();
    std::vector<Interval> result;
    std::size_t at = 0;
    for (int out = 0; out < node.output.channels; ++out) {
      WindowSum window;
      for (std::size_t in = 0; in < inputs; ++in) {
        const Interval& inside = is_depthwise ? x[out] : x[in];
        const Interval with_padding = with_zero(inside);
        for (int row = 0; row < node.kernel; ++row) {
          for (int column = 0; column < node.kernel; ++column) {
            window.add(weights[at++], rows[row] || columns[column] ? with_padding : inside);
          }
        }
      }
      if (node.bias) {
        const double bias = parameter(tensors_, node, "bias")[out];
        window.add(1.0, {bias, bias});
      }
      result.push_back(window.result());
    }
    return result;
  }

  std::vector<Interval> batch_norm(const Node& node, const std::vector<Interval>& x) const {
    const std::vector<Affine> affine = batch_norm_affine(tensors_, node);
    std::vector<Interval> result;
    for (std::size_t c = 0; c < x.size(); ++c) {
      // The addend is a difference of two products and has lost more than its own magnitude tells.
      const double mean = parameter(tensors_, node, "running_mean")[c];
      const double lost = 8 * kDoubleUlp * std::abs(mean * affine[c].factor);
      const Interval addend = widened({affine[c].addend, affine[c].addend}, lost);
      result.push_back(sum(widened(scaled(x[c], affine[c].factor)), addend));
    }
    return result;
  }

  static std::vector<Interval> concatenation(const Node& node, const Intervals& known) {
    std::vector<Interval> result;
    for (const NodeId input : node.inputs) {
      result.insert(result.end(), known[input].begin(), known[input].end());
    }
    return result;
  }

  static std::vector<Interval> elementwise(const Node& node, const Intervals& known) {
    const std::vector<Interval>& x = known[node.inputs[0]];
    std::vector<Interval> result;
    for (std::size_t c = 0; c < x.size(); ++c) {
      switch (node.op) {
        case Op::kAdd:
          result.push_back(sum(x[c], known[node.inputs[1]][c]));
          break;
        case Op::kMultiply:
          result.push_back(product(x[c], known[node.inputs[1]][c]));
          break;
        default:
          result.push_back(curve(node, x[c]));
      }
    }
    return result;
  }

  static Interval curve(const Node& node, const Interval& x) {
    switch (node.op) {
      case Op::kRelu:
        return {std::max(x.low, 0.0), std::max(x.high, 0.0)};
      case Op::kHardSwish:
        return of_hard_swish(x);
      case Op::kHardSigmoid:
        return of_rising(x, hard_sigmoid);
      case Op::kSigmoidPlusOne:
        return of_rising(x, [](double value) { return 1.0 / (1.0 + std::exp(-value)) + 1.0; });
      case Op::kGlobalAveragePool:
        return widened(x);
      case Op::kMaxPool:
      case Op::kUpsample:
      case Op::kCrop:
      case Op::kDropout:
        return x;
      default:
        throw std::invalid_argument(
            fmt::format("layer {} ({}): interval arithmetic does not know it; reduce without exact "
                        "removal",
                        node.name, op_name(node.op)));
    }
  }

  const network::Network& network_;
  const network::Tensors& tensors_;
  const core::Preprocessing& preprocessing_;
};

}  // namespace

bool is_constant(const Interval& interval) {
  return interval.width() <= kFloatUlp * magnitude(interval);
}

Intervals channel_intervals(const network::Network& network, const network::Tensors& tensors,
                            const TrainedQuantizers& quantizers,
                            const core::Preprocessing& preprocessing) {
  const Analysis analysis(network, tensors, preprocessing);
  Intervals intervals;
  for (const Node& node : network.nodes) {
    std::vector<Interval> channels = analysis.of_node(node, intervals);
    if (const auto* quantizer = find_quantizer(quantizers, node.name, QuantizedTensor::kOutput)) {
      const QuantizationGrid grid = grid_of(*quantizer);
      for (Interval& channel : channels) channel = of_quantizer(channel, grid);
    }
    intervals.push_back(std::move(channels));
  }
  return intervals;
}

}  // namespace coco_mcu::lowering
