// A float network computed in double, written to be read and not to be fast: what tests of lowering
// hold their results against.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "core/preprocessing.h"
#include "lowering/parameters.h"
#include "lowering/trained_quantizers.h"
#include "network/network.h"

namespace coco_mcu::testing {

/// One tensor of one picture in height, width, channel order.
struct FeatureMap {
  network::Shape shape;
  std::vector<double> values;

  explicit FeatureMap(network::Shape of)
      : shape(of), values(static_cast<std::size_t>(of.elements())) {}
  double& at(int row, int column, int channel) { return values[index(row, column, channel)]; }
  double at(int row, int column, int channel) const { return values[index(row, column, channel)]; }
  bool holds(int row, int column) const {
    return row >= 0 && row < shape.height && column >= 0 && column < shape.width;
  }

 private:
  std::size_t index(int row, int column, int channel) const {
    return (static_cast<std::size_t>(row) * shape.width + column) * shape.channels + channel;
  }
};

class NetworkEvaluator {
 public:
  NetworkEvaluator(const network::Network& network, const network::Tensors& tensors,
                   lowering::TrainedQuantizers quantizers = {})
      : network_(network), tensors_(tensors), quantizers_(std::move(quantizers)) {}

  /// The outputs of all nodes. `tensors` held effective weights.
  std::vector<FeatureMap> run(const FeatureMap& input) const {
    std::vector<FeatureMap> maps;
    for (const network::Node& node : network_.nodes) {
      std::vector<const FeatureMap*> inputs;
      for (const network::NodeId each : node.inputs) inputs.push_back(&maps[each]);
      FeatureMap map = inputs.empty() ? input : compute(node, inputs);
      if (const auto* quantizer =
              lowering::find_quantizer(quantizers_, node.name, network::QuantizedTensor::kOutput)) {
        const lowering::QuantizationGrid grid = lowering::grid_of(*quantizer);
        for (double& value : map.values) {
          value = lowering::fake_quantize(static_cast<float>(value), grid);
        }
      }
      maps.push_back(std::move(map));
    }
    return maps;
  }

 private:
  using Inputs = std::vector<const FeatureMap*>;
  using Op = network::Op;

  FeatureMap compute(const network::Node& node, const Inputs& inputs) const {
    FeatureMap result(node.output);
    if (node.op == Op::kSoftmax) return softmax(*inputs[0]);
    for (int row = 0; row < node.output.height; ++row) {
      for (int column = 0; column < node.output.width; ++column) {
        for (int channel = 0; channel < node.output.channels; ++channel) {
          result.at(row, column, channel) = element(node, inputs, row, column, channel);
        }
      }
    }
    return result;
  }

  double element(const network::Node& node, const Inputs& inputs, int row, int column,
                 int channel) const {
    const FeatureMap& x = *inputs[0];
    const auto same_place = [&] { return x.at(row, column, channel); };
    switch (node.op) {
      case Op::kConv:
      case Op::kDepthwiseConv:
        return convolution(node, x, row, column, channel);
      case Op::kBatchNorm: {
        const auto affine = lowering::batch_norm_affine(tensors_, node)[channel];
        return same_place() * affine.factor + affine.addend;
      }
      case Op::kRelu:
        return std::max(same_place(), 0.0);
      case Op::kHardSwish:
        return same_place() * std::clamp(same_place() + 3.0, 0.0, 6.0) / 6.0;
      case Op::kHardSigmoid:
        return std::clamp(same_place() + 3.0, 0.0, 6.0) / 6.0;
      case Op::kSigmoidPlusOne:
        return 1.0 / (1.0 + std::exp(-same_place())) + 1.0;
      case Op::kMaxPool:
        return window_maximum(node, x, row, column, channel);
      case Op::kGlobalAveragePool:
        return mean(x, channel);
      case Op::kUpsample:
        return x.at(row / node.factor, column / node.factor, channel);
      case Op::kCrop:
        return x.at(row + node.offset, column + node.offset, channel);
      case Op::kAdd:
        return same_place() + inputs[1]->at(row, column, channel);
      case Op::kMultiply: {
        const bool is_gate = inputs[1]->shape.height == 1;
        return same_place() * inputs[1]->at(is_gate ? 0 : row, is_gate ? 0 : column, channel);
      }
      case Op::kConcatenate:
        return joined(inputs, row, column, channel);
      default:
        return same_place();
    }
  }

  static double joined(const Inputs& inputs, int row, int column, int channel) {
    std::size_t which = 0;
    for (; channel >= inputs[which]->shape.channels; ++which) {
      channel -= inputs[which]->shape.channels;
    }
    return inputs[which]->at(row, column, channel);
  }

  double convolution(const network::Node& node, const FeatureMap& x, int row, int column,
                     int channel) const {
    const auto& weights = lowering::parameter(tensors_, node, "weight");
    const bool is_depthwise = node.op == Op::kDepthwiseConv;
    const int inputs = is_depthwise ? 1 : x.shape.channels;
    double sum = node.bias ? lowering::parameter(tensors_, node, "bias")[channel] : 0.0;
    std::size_t at = static_cast<std::size_t>(channel) * inputs * node.kernel * node.kernel;
    for (int in = 0; in < inputs; ++in) {
      for (int tap = 0; tap < node.kernel * node.kernel; ++tap, ++at) {
        const int from_row = row * node.stride - node.padding + tap / node.kernel;
        const int from_column = column * node.stride - node.padding + tap % node.kernel;
        if (!x.holds(from_row, from_column)) continue;
        sum += double{weights[at]} * x.at(from_row, from_column, is_depthwise ? channel : in);
      }
    }
    return sum;
  }

  static double window_maximum(const network::Node& node, const FeatureMap& x, int row, int column,
                               int channel) {
    double largest = -std::numeric_limits<double>::infinity();
    for (int tap = 0; tap < node.kernel * node.kernel; ++tap) {
      const int from_row = row * node.stride + tap / node.kernel;
      const int from_column = column * node.stride + tap % node.kernel;
      largest = std::max(largest, x.at(from_row, from_column, channel));
    }
    return largest;
  }

  static double mean(const FeatureMap& x, int channel) {
    double sum = 0.0;
    for (int row = 0; row < x.shape.height; ++row) {
      for (int column = 0; column < x.shape.width; ++column) sum += x.at(row, column, channel);
    }
    return sum / x.shape.height / x.shape.width;
  }

  static FeatureMap softmax(const FeatureMap& x) {
    FeatureMap result = x;
    double sum = 0.0;
    for (const double value : x.values) sum += std::exp(value);
    for (double& value : result.values) value = std::exp(value) / sum;
    return result;
  }

  const network::Network& network_;
  const network::Tensors& tensors_;
  const lowering::TrainedQuantizers quantizers_;
};

/// All parameters of a network as random numbers of the size that trained ones have.
inline network::Tensors random_tensors(const network::Network& network, std::uint32_t seed) {
  std::mt19937 random(seed);
  network::Tensors tensors;
  for (const network::Parameter& parameter : network::parameters(network)) {
    std::int64_t count = 1;
    for (const std::int64_t size : parameter.shape) count *= size;
    const bool is_kernel = parameter.shape.size() == 4;
    const double fan_in = static_cast<double>(count) / static_cast<double>(parameter.shape[0]);
    const double deviation = is_kernel ? std::sqrt(2.0 / fan_in) : 0.5;
    std::normal_distribution<float> centred(0.0F, static_cast<float>(deviation));
    std::uniform_real_distribution<float> positive(0.5F, 1.5F);
    const bool is_positive = parameter.name.ends_with(".running_var");
    network::Tensor tensor = {.shape = parameter.shape, .values = {}};
    for (std::int64_t i = 0; i < count; ++i) {
      tensor.values.push_back(is_positive ? positive(random) : centred(random));
    }
    tensors[parameter.name] = std::move(tensor);
  }
  return tensors;
}

/// A picture of random pixels as it enters a network.
inline FeatureMap random_picture(network::Shape shape, const core::Preprocessing& preprocessing,
                                 std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> pixel(0, 255);
  FeatureMap picture(shape);
  for (std::size_t i = 0; i < picture.values.size(); ++i) {
    const std::size_t channel = i % 3;
    const double full_scale = pixel(random) / 255.0;
    picture.values[i] =
        (full_scale - preprocessing.mean[channel]) / preprocessing.deviation[channel];
  }
  return picture;
}

}  // namespace coco_mcu::testing
