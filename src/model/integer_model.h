// An integer model as lowering builds it: plain values. The file that is made of it is read in
// place through model/view.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/preprocessing.h"
#include "core/requantize.h"
#include "model/operator_attributes.h"

namespace coco_mcu::model {

/// See core/requantize.h and docs/arithmetic.md.
struct Requantization : core::LayerRequantization {
  std::vector<std::int16_t> multipliers;  // one for each output channel, or one for all
  std::vector<std::int16_t> offsets;      // as many
  std::vector<std::uint8_t> table;        // 256 codes or empty
  /// Of imported layers, in place of multipliers and offsets: see core::Requantization::twice.
  std::vector<std::int32_t> twice;

  /// The same as kernels take it; it points into this one.
  core::Requantization view() const {
    core::Requantization view;
    static_cast<core::LayerRequantization&>(view) = *this;
    view.multipliers = multipliers.data();
    view.offsets = offsets.data();
    view.table = table.empty() ? nullptr : table.data();
    view.is_uniform = multipliers.size() == 1 || twice.size() == core::kTwiceNumbers;
    if (!twice.empty()) view.twice = twice.data();
    return view;
  }

  bool operator==(const Requantization&) const = default;
};

/// One layer and the tensor it makes.
struct Operator : OperatorAttributes {
  std::string name;         // of the float network's layer: "bneck4.depthwise"
  std::vector<int> inputs;  // indices into IntegerModel::operators, all smaller than its own

  // Convolution and depthwise: packed rows, one for each output channel.
  std::vector<std::uint8_t> weights;

  // Where read_channels or made_channels is not 0: a bit for each channel of the input or the
  // output, and the codes of the output channels that are not computed, in their order.
  std::vector<std::uint8_t> read_mask;
  std::vector<std::uint8_t> made_mask;
  std::vector<std::uint8_t> constants;

  // Kinds that are requantized; of lookup the table alone, of concatenation the table that the
  // first input's codes go through, empty where they are the output's.
  Requantization requantization;

  // Concatenation: the same for the second input.
  std::vector<std::uint8_t> second_table;

  // Softmax: 256 values of exp(-scale * d) in units of 1/65535.
  std::vector<std::uint16_t> exponentials;

  bool operator==(const Operator&) const = default;
};

/// One layer computed in one pass over rows. A layer that stands in several passes is computed
/// again.
struct PlanStep {
  int layer = 0;
  int rows = 0;  // that its buffer holds: the tensor's height, or a ring of the last few
  std::uint32_t offset = 0;   // of the buffer in the arena, a multiple of 16
  std::uint32_t scratch = 0;  // of the layer's scratch_bytes, likewise

  bool operator==(const PlanStep&) const = default;
};

/// Steps that are computed together, row by row (model/pass_walk.h). A step reads the last step
/// before it that computes its input, be it in this pass or in an earlier one.
using PlanPass = std::vector<PlanStep>;

/// When every row is computed and where it lives. The input is computed once.
struct Plan {
  std::uint32_t arena_bytes = 0;
  bool streams_input = false;  // the picture comes row by row; otherwise the arena holds it
  std::vector<PlanPass> passes;

  bool operator==(const Plan&) const = default;
};

/// What the model must compute for the golden input (docs/arithmetic.md, "Checksums").
struct Golden {
  std::vector<std::uint32_t> checksums;  // of each operator's output
  bool decision = false;                 // whether it says "person"

  bool operator==(const Golden&) const = default;
};

struct IntegerModel {
  std::string network;
  Interface interface = Interface::kPixels;
  core::Preprocessing preprocessing;
  std::array<std::array<std::uint8_t, 256>, 3> input_tables = {};  // by channel R, G, B
  std::vector<Operator> operators;      // the first is the input, the last the softmax
  std::vector<std::string> labels;      // one for each channel of the last operator
  int decision_label = 0;               // index of the label that is decided on: "person"
  int threshold = kProbabilityOne / 2;  // 0..32768
  /// Source, recipe, data hash, seed, created_by, ...
  std::map<std::string, std::string> provenance;
  Plan plan;
  Golden golden;

  bool operator==(const IntegerModel&) const = default;
};

}  // namespace coco_mcu::model
