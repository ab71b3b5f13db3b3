// A model file read in place: nothing is copied, nothing allocated. Freestanding.
//
// A view trusts its bytes: on a host they go through verify() first, on a board through
// check_header().
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/preprocessing.h"
#include "core/requantize.h"
#include "model/operator_attributes.h"

namespace coco_mcu::model {

namespace file {
struct Model;
struct Operator;
}  // namespace file

/// One layer, with pointers into the file.
struct OperatorView : OperatorAttributes {
  const char* name = "";
  int inputs[2] = {0, 0};  // indices of layers; input_count(kind) of them count
  const std::uint8_t* weights = nullptr;
  const std::uint8_t* read_mask = nullptr;  // null where every channel of the input is read
  const std::uint8_t* made_mask = nullptr;  // null where every channel of the output is computed
  const std::uint8_t* constants = nullptr;  // codes of those that are not
  core::Requantization requantization;
  const std::uint8_t* second_table = nullptr;   // concatenation: of the second input, or null
  const std::uint16_t* exponentials = nullptr;  // softmax
};

/// The attributes of one stored layer.
OperatorAttributes attributes_of(const file::Operator& stored);

/// One layer computed in one pass; see PlanStep in integer_model.h.
struct PlanStepView {
  int layer = 0;
  int rows = 0;
  std::uint32_t offset = 0;
  std::uint32_t scratch = 0;
};

struct ProvenanceEntry {
  const char* key = "";
  const char* value = "";
};

class View {
 public:
  /// `bytes` is a whole model file at a multiple of kAlignment.
  explicit View(const std::uint8_t* bytes);
  explicit View(const file::Model& model) : model_(&model) {}

  const char* network() const;
  Interface interface() const;
  core::Preprocessing preprocessing() const;
  const std::uint8_t* input_tables() const;  // 3 * 256 codes

  int operator_count() const;
  OperatorView layer(int index) const;
  /// What of it is numbers: much quicker to read.
  OperatorAttributes attributes(int index) const;
  const char* layer_name(int index) const;

  int label_count() const;
  const char* label(int index) const;
  int decision_label() const;
  int threshold() const;  // 0..32768

  int provenance_count() const;
  ProvenanceEntry provenance(int index) const;

  std::uint32_t arena_bytes() const;
  bool streams_input() const;
  int pass_count() const;
  int pass_end(int pass) const;  // number of steps up to the pass's end
  int plan_step_count() const;
  /// Whether the plan holds the picture and computes one whole layer after the other.
  bool is_layer_by_layer() const;
  PlanStepView plan_step(int index) const;
  /// The last step before step `before` that computes `layer`, or -1.
  int last_step_of(int layer, int before) const;

  std::uint32_t golden_checksum(int index) const;
  bool golden_decision() const;

 private:
  const file::Model* model_;
};

}  // namespace coco_mcu::model
