// What a network is: a graph of layers with shapes. It is written once, in the zoo; the trainer,
// the cost accounting, lowering and the importers all walk this description.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coco_mcu::network {

/// Height, width and channels of one tensor (batch 1, channels innermost).
struct Shape {
  int height = 0;
  int width = 0;
  int channels = 0;

  std::int64_t elements() const { return std::int64_t{1} * height * width * channels; }
  bool operator==(const Shape&) const = default;
};

/// "86x86x16": height, width, channels.
std::string shape_text(const Shape& shape);

enum class Op {
  kInput,
  kConv,               // kernel x kernel over all input channels, zero padding
  kDepthwiseConv,      // kernel x kernel, each channel by itself, zero padding
  kBatchNorm,          // per channel, epsilon 0.001, momentum 0.99
  kRelu,               // max(x, 0)
  kHardSwish,          // x * hard_sigmoid(x)
  kHardSigmoid,        // min(max(x + 3, 0), 6) / 6
  kSigmoidPlusOne,     // 1 / (1 + exp(-x)) + 1
  kMaxPool,            // kernel x kernel, no padding: windows that do not fit are dropped
  kGlobalAveragePool,  // mean over height and width
  kUpsample,           // nearest: out[i] = in[i / factor]
  kCrop,               // without the first `offset` rows and columns
  kAdd,                // elementwise
  kMultiply,           // elementwise; the second input may be 1 x 1 x channels
  kConcatenate,        // the channels of all inputs, one after the other
  kDropout,            // in training only
  kSoftmax,            // over channels
};

/// The field's name of an operation, as tables and JSON print it: "depthwise_conv".
std::string_view op_name(Op op);

/// The operation of that name; nothing where there is none.
std::optional<Op> op_named(std::string_view name);

/// How many zeros stand around the input of a convolution.
enum class Padding {
  kSymmetric,  // (kernel - 1) / 2 on each side
  kSame,  // TensorFlow's "same": output size input / stride, rounded up; an odd zero at the end
  kNone,  // TensorFlow's "valid"
};

/// Index into Network::nodes. A node's inputs come before it.
using NodeId = int;

struct Node {
  Op op = Op::kInput;
  std::string name;  // unique, dotted by block and part: "bneck4.depthwise.conv"
  std::vector<NodeId> inputs;
  Shape output;
  int kernel = 1;  // kConv, kDepthwiseConv, kMaxPool: window height and width
  int stride = 1;  // kConv, kDepthwiseConv, kMaxPool
  Padding padding_rule = Padding::kSymmetric;  // kConv, kDepthwiseConv
  /// Zeros above and to the left that follow from it; below and to the right as many as the last
  /// windows reach into.
  int padding = 0;
  bool bias = false;       // kConv, kDepthwiseConv
  int factor = 1;          // kUpsample
  int offset = 0;          // kCrop
  double drop_rate = 0.0;  // kDropout: share of elements set to zero in training
};

/// Whether any window of a convolution of that input reads a zero beside it.
bool reads_padding(const Node& convolution, const Shape& input);

/// A named stretch of consecutive nodes; its output is that of its last node.
struct Block {
  std::string name;
  NodeId first = 0;
  NodeId last = 0;
};

struct Network {
  std::string name;
  std::vector<Node> nodes;          // in a valid order of execution; nodes[0] is the input
  std::vector<Block> blocks;        // cover all nodes but the input
  std::vector<std::string> labels;  // one for each channel of the output

  const Node& input() const { return nodes.front(); }
  const Node& output() const { return nodes.back(); }
  /// The node of that name, or of that block's output; nothing where there is none.
  std::optional<NodeId> find(std::string_view name_or_block) const;
  /// For each node, the nodes that read its output.
  std::vector<std::vector<NodeId>> consumers() const;
};

/// A trained number block that belongs to a node: what a float checkpoint holds.
struct Parameter {
  std::string name;                 // node name + ".weight", ".bias", ".running_mean", ...
  std::vector<std::int64_t> shape;  // PyTorch's order: convolutions [out, in, height, width]
  NodeId node = 0;
  bool trainable = true;  // false for the running statistics of batch norm
};

/// All parameters in the order of the nodes: for convolutions weight (depthwise [channels, 1,
/// kernel, kernel]) and, where there is one, bias; for batch norm weight, bias, running_mean,
/// running_var.
std::vector<Parameter> parameters(const Network& network);

constexpr double kBatchNormEpsilon = 0.001;
constexpr double kBatchNormMomentum = 0.99;  // share of the old running statistics that is kept

}  // namespace coco_mcu::network
