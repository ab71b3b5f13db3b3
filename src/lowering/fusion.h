// Groups the nodes of a float network into the operators of an integer model: a convolution takes
// its batch norm and its activation along, curves become tables, upsampling becomes an index.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/operator_attributes.h"
#include "network/network.h"

namespace coco_mcu::lowering {

/// How an operator carries out the activation behind it.
enum class Activation {
  kNone,
  kLimit,   // relu: the lowest code that is let through
  kAffine,  // hard sigmoid behind a convolution: part of multiplier and offset, and saturation
  kTable,   // any other curve, and every curve of a lookup
};

/// One operator of the integer model and the nodes it stands for.
struct FusedOperator {
  model::OperatorKind kind = model::OperatorKind::kInput;
  std::string name;         // the main node's, without ".conv" at its end
  std::vector<int> inputs;  // indices into FusedNetwork::operators
  network::Shape shape;     // of its output

  /// The node that does the work; of a lookup the curve.
  network::NodeId node = 0;
  std::optional<network::NodeId> batch_norm;
  Activation activation = Activation::kNone;
  network::Op curve = network::Op::kRelu;  // which one, unless activation is kNone

  /// The node before the activation: a table's codes stand for its values.
  network::NodeId before_activation = 0;
  /// The node whose values the operator's output stands for.
  network::NodeId output = 0;

  /// Upsample and multiply: its input, or the second one, is read at (i + offset) / factor.
  int factor = 1;
  int offset = 0;
};

/// Operators in an order of execution: the input first, the softmax last.
using FusedNetwork = std::vector<FusedOperator>;

/// For each operator, the operators that read it.
std::vector<std::vector<int>> readers_of(const FusedNetwork& operators);

/// Fuses a network. Dropout disappears. Chains of upsampling and cropping become the index of the
/// multiplication that reads them, a curve behind such a chain is taken before it. Throws
/// std::invalid_argument naming the layer, the reason and the remedy for what an integer model
/// cannot express.
FusedNetwork fuse(const network::Network& network);

}  // namespace coco_mcu::lowering
