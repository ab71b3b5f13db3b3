#include "lowering/fusion.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

namespace coco_mcu::lowering {

using model::OperatorKind;
using network::Network;
using network::Node;
using network::NodeId;
using network::Op;

namespace {

/// Where the value of a node stands: row i of it is row (i + offset) / factor of the output of
/// operator `index`, and columns likewise.
struct View {
  int index = 0;
  int factor = 1;
  int offset = 0;
  bool is_exclusive = false;  // nothing else reads the operator's output, or nodes on the way here

  bool is_plain() const { return factor == 1 && offset == 0; }
};

std::string operator_name(const Node& node) {
  constexpr std::string_view kEnding = ".conv";
  std::string name = node.name;
  if (name.ends_with(kEnding)) name.resize(name.size() - kEnding.size());
  return name;
}

[[noreturn]] void refuse(const Node& node, std::string_view reason, std::string_view remedy) {
  throw std::invalid_argument(
      fmt::format("layer {} ({}): {}; {}", node.name, op_name(node.op), reason, remedy));
}

class Fusion {
 public:
  explicit Fusion(const Network& network) : network_(network) {
    for (const auto& readers : network.consumers()) {
      reader_counts_.push_back(static_cast<int>(readers.size()));
    }
    views_.resize(network.nodes.size());
  }

  FusedNetwork run() {
    for (NodeId id = 0; id < static_cast<NodeId>(network_.nodes.size()); ++id) take(id);
    const Node& last = network_.output();
    if (last.op != Op::kSoftmax) {
      refuse(last, "is the network's output, and an integer model ends in a softmax",
             "put a softmax behind it");
    }
    return std::move(operators_);
  }

 private:
  const Node& node(NodeId id) const { return network_.nodes[id]; }
  const View& input_view(NodeId id, std::size_t which = 0) const {
    return views_[node(id).inputs[which]];
  }

  void take(NodeId id) {
    switch (node(id).op) {
      case Op::kInput:
        return open(id, OperatorKind::kInput, {});
      case Op::kConv:
        return open(id, OperatorKind::kConvolution, {whole_input(id)});
      case Op::kDepthwiseConv:
        return open(id, OperatorKind::kDepthwise, {whole_input(id)});
      case Op::kBatchNorm:
        return take_batch_norm(id);
      case Op::kRelu:
      case Op::kHardSwish:
      case Op::kHardSigmoid:
      case Op::kSigmoidPlusOne:
        return take_curve(id);
      case Op::kMaxPool:
        return open(id, OperatorKind::kMaxPool, {whole_input(id)});
      case Op::kGlobalAveragePool:
        return open(id, OperatorKind::kGlobalAverage, {whole_input(id)});
      case Op::kUpsample:
      case Op::kCrop:
        return take_index(id);
      case Op::kAdd:
        return open(id, OperatorKind::kAdd, {whole_input(id), whole_input(id, 1)});
      case Op::kMultiply:
        return take_multiply(id);
      case Op::kConcatenate:
        return take_concatenation(id);
      case Op::kDropout:
        return pass_on(id, input_view(id));
      case Op::kSoftmax:
        return take_softmax(id);
    }
  }

  /// The node's value is what the view says.
  void pass_on(NodeId id, View view) {
    view.is_exclusive = view.is_exclusive && reader_counts_[id] == 1;
    views_[id] = view;
  }

  /// A new operator, whose output is the node's.
  void open(NodeId id, OperatorKind kind, std::vector<int> inputs) {
    FusedOperator opened;
    opened.kind = kind;
    opened.name = operator_name(node(id));
    opened.inputs = std::move(inputs);
    opened.shape = node(id).output;
    opened.node = opened.before_activation = opened.output = id;
    operators_.push_back(std::move(opened));
    pass_on(id, {.index = static_cast<int>(operators_.size()) - 1, .is_exclusive = true});
  }

  /// The operator whose output is the node's input as it stands: an upsample where the input is
  /// read at an index. Several readers share one.
  int whole_input(NodeId id, std::size_t which = 0) {
    const NodeId input = node(id).inputs[which];
    const View view = views_[input];
    if (view.is_plain()) return view.index;
    const network::Shape& shape = node(input).output;
    const auto key = std::tuple(view.index, view.factor, view.offset, shape.height, shape.width);
    const auto [known, is_new] = upsampled_.try_emplace(key, static_cast<int>(operators_.size()));
    if (is_new) {
      FusedOperator upsample;
      upsample.kind = OperatorKind::kUpsample;
      upsample.name = node(input).name;
      upsample.inputs = {view.index};
      upsample.shape = shape;
      upsample.node = upsample.before_activation = upsample.output = input;
      upsample.factor = view.factor;
      upsample.offset = view.offset;
      operators_.push_back(std::move(upsample));
    }
    return known->second;
  }

  void take_batch_norm(NodeId id) {
    const View view = input_view(id);
    FusedOperator& before = operators_[view.index];
    const bool fits = model::has_weights(before.kind) && view.is_exclusive &&
                      before.activation == Activation::kNone && !before.batch_norm;
    if (!fits) {
      refuse(node(id), "does not stand behind a convolution that nothing else reads",
             "batch norm is folded into a convolution; put it right behind one");
    }
    before.batch_norm = before.before_activation = before.output = id;
    pass_on(id, view);
  }

  void take_curve(NodeId id) {
    const View view = input_view(id);
    const Op curve = node(id).op;
    const bool fits = model::is_requantized(operators_[view.index].kind) && view.is_exclusive &&
                      operators_[view.index].activation == Activation::kNone;
    if (!fits) return open_lookup(id, view);
    FusedOperator& before = operators_[view.index];
    before.curve = curve;
    before.activation = Activation::kTable;
    if (curve == Op::kRelu) before.activation = Activation::kLimit;
    if (curve == Op::kHardSigmoid && model::has_weights(before.kind)) {
      before.activation = Activation::kAffine;
    }
    before.output = id;
    pass_on(id, view);
  }

  /// A table by itself, taken before any upsampling: nearest neighbours repeat values.
  void open_lookup(NodeId id, const View& view) {
    const network::Shape shape = operators_[view.index].shape;
    open(id, OperatorKind::kLookup, {view.index});
    operators_.back().shape = shape;
    operators_.back().activation = Activation::kTable;
    operators_.back().curve = node(id).op;
    views_[id].factor = view.factor;
    views_[id].offset = view.offset;
  }

  /// Upsampling by f after (i + a) / g is (i + a * f) / (f * g), a crop of c rows (i + a + c) / g.
  void take_index(NodeId id) {
    View view = input_view(id);
    if (node(id).op == Op::kUpsample) {
      view.offset *= node(id).factor;
      view.factor *= node(id).factor;
    } else {
      view.offset += node(id).offset;
    }
    pass_on(id, view);
  }

  void take_multiply(NodeId id) {
    std::size_t first = 0;
    const bool same_shape = node(node(id).inputs[0]).output == node(node(id).inputs[1]).output;
    if (same_shape && !input_view(id, 0).is_plain() && input_view(id, 1).is_plain()) first = 1;
    const int x = whole_input(id, first);
    const View by = input_view(id, 1 - first);
    const network::Shape& by_shape = operators_[by.index].shape;
    const bool is_gate = by_shape.height == 1 && by_shape.width == 1;
    if (operators_[x].shape != node(id).output) {
      refuse(node(id), "its first input is smaller than its output",
             "swap the inputs: the second one may be 1x1");
    }
    open(id, OperatorKind::kMultiply, {x, by.index});
    operators_.back().factor =
        is_gate ? std::max(node(id).output.height, node(id).output.width) : by.factor;
    operators_.back().offset = is_gate ? 0 : by.offset;
  }

  /// Two tensors at a time: all but the last pair make parts that nobody else reads.
  void take_concatenation(NodeId id) {
    const std::size_t inputs = node(id).inputs.size();
    if (inputs == 1) return pass_on(id, input_view(id));
    int joined = whole_input(id, 0);
    for (std::size_t which = 1; which < inputs; ++which) {
      const int next = whole_input(id, which);
      network::Shape shape = node(id).output;
      shape.channels = operators_[joined].shape.channels + operators_[next].shape.channels;
      open(id, OperatorKind::kConcatenate, {joined, next});
      operators_.back().shape = shape;
      if (which + 1 < inputs) operators_.back().name += fmt::format(".part{}", which);
      joined = static_cast<int>(operators_.size()) - 1;
    }
  }

  void take_softmax(NodeId id) {
    const network::Shape& shape = node(id).output;
    if (id + 1 != static_cast<NodeId>(network_.nodes.size())) {
      refuse(node(id), "stands inside the network", "an integer model has one softmax, at its end");
    }
    if (shape.height != 1 || shape.width != 1) {
      refuse(node(id), fmt::format("its input is {}, not one pixel", shape_text(shape)),
             "put a global average before the classifier");
    }
    open(id, OperatorKind::kSoftmax, {whole_input(id)});
  }

  const Network& network_;
  std::vector<int> reader_counts_;  // of each node
  std::vector<View> views_;         // of each node
  FusedNetwork operators_;
  std::map<std::tuple<int, int, int, int, int>, int> upsampled_;
};

}  // namespace

std::vector<std::vector<int>> readers_of(const FusedNetwork& operators) {
  std::vector<std::vector<int>> readers(operators.size());
  for (std::size_t i = 0; i < operators.size(); ++i) {
    for (const int input : operators[i].inputs) readers[input].push_back(static_cast<int>(i));
  }
  return readers;
}

FusedNetwork fuse(const Network& network) {
  return Fusion(network).run();
}

}  // namespace coco_mcu::lowering
