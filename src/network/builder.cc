#include "network/builder.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::network {
namespace {

/// Windows of a convolution along one side of its input.
struct Windows {
  int padding = 0;  // zeros before the input's first element
  int count = 0;
};

Windows windows(int size, const ConvOptions& options) {
  const auto whole = [&](int padded) { return (padded - options.kernel) / options.stride + 1; };
  Windows made;
  if (options.padding == Padding::kSame) {
    made.count = (size + options.stride - 1) / options.stride;
    const int zeros = (made.count - 1) * options.stride + options.kernel - size;
    made.padding = std::max(zeros, 0) / 2;
    return made;
  }
  if (options.padding == Padding::kSymmetric) made.padding = (options.kernel - 1) / 2;
  const int padded = size + 2 * made.padding;
  made.count = padded < options.kernel ? 0 : whole(padded);
  return made;
}

}  // namespace

Builder::Builder(std::string network_name) {
  network_.name = std::move(network_name);
}

Builder::Scope::Scope(Builder& builder, std::string_view name)
    : builder_(builder), prefix_length_(builder.prefix_.size()) {
  if (builder.prefix_.empty()) {
    const auto next = static_cast<NodeId>(builder.network_.nodes.size());
    builder.network_.blocks.push_back({std::string(name), next, next});
  }
  builder.prefix_ += std::string(name) + ".";
}

Builder::Scope::~Scope() {
  builder_.prefix_.resize(prefix_length_);
}

NodeId Builder::append(Node node, std::string_view name) {
  const auto id = static_cast<NodeId>(network_.nodes.size());
  node.name = prefix_ + std::string(name);
  if (node.output.height <= 0 || node.output.width <= 0 || node.output.channels <= 0) {
    const Shape& from = node.inputs.empty() ? node.output : shape(node.inputs[0]);
    throw std::invalid_argument(fmt::format("layer {} ({}): nothing is left of its input {}",
                                            node.name, op_name(node.op), shape_text(from)));
  }
  if (prefix_.empty() && node.op != Op::kInput) {
    network_.blocks.push_back({node.name, id, id});
  } else if (!prefix_.empty()) {
    network_.blocks.back().last = id;
  }
  network_.nodes.push_back(std::move(node));
  return id;
}

Node Builder::like(Op op, NodeId x) const {
  Node node;
  node.op = op;
  node.inputs = {x};
  node.output = shape(x);
  return node;
}

NodeId Builder::input(Shape shape) {
  Node node;
  node.op = Op::kInput;
  node.output = shape;
  return append(std::move(node), "input");
}

NodeId Builder::conv(std::string_view name, NodeId x, ConvOptions options) {
  Node node = like(Op::kConv, x);
  node.kernel = options.kernel;
  node.stride = options.stride;
  node.bias = options.bias;
  node.padding_rule = options.padding;
  const Windows rows = windows(node.output.height, options);
  const Windows columns = windows(node.output.width, options);
  if (rows.padding != columns.padding) {
    throw std::invalid_argument(fmt::format(
        "layer {}{} ({}): needs {} zeros above and {} to the left of {}; make the input square",
        prefix_, name, op_name(node.op), rows.padding, columns.padding, shape_text(shape(x))));
  }
  node.padding = rows.padding;
  node.output = {rows.count, columns.count, options.filters};
  return append(std::move(node), name);
}

NodeId Builder::depthwise_conv(std::string_view name, NodeId x, int kernel, int stride) {
  return depthwise_conv(name, x, {.kernel = kernel, .stride = stride});
}

NodeId Builder::depthwise_conv(std::string_view name, NodeId x, ConvOptions options) {
  options.filters = shape(x).channels;
  const NodeId id = conv(name, x, options);
  network_.nodes[id].op = Op::kDepthwiseConv;
  return id;
}

NodeId Builder::batch_norm(std::string_view name, NodeId x) {
  return append(like(Op::kBatchNorm, x), name);
}

NodeId Builder::activation(std::string_view name, NodeId x, Op function) {
  return append(like(function, x), name);
}

NodeId Builder::max_pool(std::string_view name, NodeId x, int kernel, int stride) {
  Node node = like(Op::kMaxPool, x);
  node.kernel = kernel;
  node.stride = stride;
  if (node.output.height < kernel || node.output.width < kernel) node.output = {};
  node.output.height = (node.output.height - kernel) / stride + 1;
  node.output.width = (node.output.width - kernel) / stride + 1;
  return append(std::move(node), name);
}

NodeId Builder::global_average_pool(std::string_view name, NodeId x) {
  Node node = like(Op::kGlobalAveragePool, x);
  node.output.height = node.output.width = 1;
  return append(std::move(node), name);
}

NodeId Builder::upsample(std::string_view name, NodeId x, int factor) {
  Node node = like(Op::kUpsample, x);
  node.factor = factor;
  node.output.height *= factor;
  node.output.width *= factor;
  return append(std::move(node), name);
}

NodeId Builder::crop(std::string_view name, NodeId x, int offset) {
  Node node = like(Op::kCrop, x);
  node.offset = offset;
  node.output.height -= offset;
  node.output.width -= offset;
  return append(std::move(node), name);
}

NodeId Builder::add(std::string_view name, NodeId a, NodeId b) {
  if (shape(a) != shape(b)) {
    throw std::invalid_argument(fmt::format("layer {}{} (add): shapes {} and {} differ", prefix_,
                                            name, shape_text(shape(a)), shape_text(shape(b))));
  }
  Node node = like(Op::kAdd, a);
  node.inputs.push_back(b);
  return append(std::move(node), name);
}

NodeId Builder::multiply(std::string_view name, NodeId x, NodeId by) {
  const Shape per_channel = {1, 1, shape(x).channels};
  if (shape(by) != shape(x) && shape(by) != per_channel) {
    throw std::invalid_argument(fmt::format("layer {}{} (multiply): {} cannot be scaled by {}",
                                            prefix_, name, shape_text(shape(x)),
                                            shape_text(shape(by))));
  }
  Node node = like(Op::kMultiply, x);
  node.inputs.push_back(by);
  return append(std::move(node), name);
}

NodeId Builder::concatenate(std::string_view name, const std::vector<NodeId>& inputs) {
  Node node = like(Op::kConcatenate, inputs.at(0));
  node.inputs = inputs;
  node.output.channels = 0;
  for (const NodeId input : inputs) {
    const Shape& each = shape(input);
    if (each.height != node.output.height || each.width != node.output.width) {
      throw std::invalid_argument(
          fmt::format("layer {}{} (concatenate): shapes {} and {} differ in height or width",
                      prefix_, name, shape_text(shape(inputs[0])), shape_text(each)));
    }
    node.output.channels += each.channels;
  }
  return append(std::move(node), name);
}

NodeId Builder::dropout(std::string_view name, NodeId x, double drop_rate) {
  Node node = like(Op::kDropout, x);
  node.drop_rate = drop_rate;
  return append(std::move(node), name);
}

NodeId Builder::softmax(std::string_view name, NodeId x) {
  return append(like(Op::kSoftmax, x), name);
}

Network Builder::finish(std::vector<std::string> labels) {
  const int channels = network_.output().output.channels;
  if (static_cast<int>(labels.size()) != channels) {
    throw std::invalid_argument(fmt::format("network {}: {} labels for an output of {} channels",
                                            network_.name, labels.size(), channels));
  }
  network_.labels = std::move(labels);
  return std::exchange(network_, {});
}

}  // namespace coco_mcu::network
