// Writes a network down, one layer after the other, and infers every shape on the way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "network/network.h"

namespace coco_mcu::network {

struct ConvOptions {
  int filters = 0;
  int kernel = 1;
  int stride = 1;
  bool bias = false;
  Padding padding = Padding::kSymmetric;
};

/// Every layer is named `name` inside the scopes that are open: "bneck4.depthwise" + "conv".
/// A layer that its input does not fit throws std::invalid_argument naming the layer and both
/// shapes.
class Builder {
 public:
  explicit Builder(std::string network_name);

  /// While it lives, names are prefixed by its own. An outermost scope is a block of the network.
  class Scope {
   public:
    Scope(Builder& builder, std::string_view name);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Builder& builder_;
    std::size_t prefix_length_;
  };

  NodeId input(Shape shape);
  NodeId conv(std::string_view name, NodeId x, ConvOptions options);
  NodeId depthwise_conv(std::string_view name, NodeId x, int kernel, int stride);
  /// `filters` stays 0: they are the input's channels.
  NodeId depthwise_conv(std::string_view name, NodeId x, ConvOptions options);
  NodeId batch_norm(std::string_view name, NodeId x);
  /// `function` is one of kRelu, kHardSwish, kHardSigmoid, kSigmoidPlusOne.
  NodeId activation(std::string_view name, NodeId x, Op function);
  NodeId max_pool(std::string_view name, NodeId x, int kernel, int stride);
  NodeId global_average_pool(std::string_view name, NodeId x);
  NodeId upsample(std::string_view name, NodeId x, int factor);
  NodeId crop(std::string_view name, NodeId x, int offset);
  NodeId add(std::string_view name, NodeId a, NodeId b);
  NodeId multiply(std::string_view name, NodeId x, NodeId by);
  /// One or more inputs of the same height and width.
  NodeId concatenate(std::string_view name, const std::vector<NodeId>& inputs);
  NodeId dropout(std::string_view name, NodeId x, double drop_rate);
  NodeId softmax(std::string_view name, NodeId x);

  const Shape& shape(NodeId id) const { return network_.nodes[id].output; }

  /// The finished network; its output is the last layer written. One label for each output channel.
  Network finish(std::vector<std::string> labels);

 private:
  NodeId append(Node node, std::string_view name);
  Node like(Op op, NodeId x) const;

  Network network_;
  std::string prefix_;
};

}  // namespace coco_mcu::network
