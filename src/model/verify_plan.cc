#include "model/verify_plan.h"

#include "model/header.h"

namespace coco_mcu::model {
namespace {

/// Bytes of the arena, end excluded.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  bool overlaps(const Range& other) const { return begin < other.end && other.begin < end; }
};

Range tensor_range(const View& model, int index) {
  const std::uint64_t begin = model.tensor_offset(index);
  return {begin, begin + tensor_bytes(model.layer(index))};
}

Range scratch_range(const View& model, int index) {
  const OperatorView layer = model.layer(index);
  const std::uint64_t begin = model.scratch_offset(index);
  return {begin, begin + scratch_bytes(layer, model.layer(layer.inputs[0]))};
}

bool reads(const OperatorView& layer, int tensor) {
  for (int i = 0; i < input_count(layer.kind); ++i) {
    if (layer.inputs[i] == tensor) return true;
  }
  return false;
}

/// Whether `layer` may write to where it reads tensor `input` from: elementwise, from exactly the
/// same place.
bool is_in_place(const View& model, int layer_index, int input) {
  const OperatorView layer = model.layer(layer_index);
  const Range from = tensor_range(model, input);
  const Range to = tensor_range(model, layer_index);
  if (from.begin != to.begin || from.end != to.end) return false;
  for (int i = 0; i < input_count(layer.kind); ++i) {
    if (layer.inputs[i] == input && !may_overwrite(layer.kind, i)) return false;
  }
  return reads(layer, input);
}

const char* outside(const View& model, const Range& range) {
  if (range.begin % kAlignment != 0)
    return "plan has an offset that is no multiple of 16; plan the model again";
  return range.end > model.arena_bytes() ? "plan leaves the arena; plan the model again" : nullptr;
}

/// Follows tensor `index` as long as later layers read it.
const char* overwritten(const View& model, int index) {
  const Range tensor = tensor_range(model, index);
  int last_reader = model.operator_count() - 1;
  while (last_reader > index && !reads(model.layer(last_reader), index)) --last_reader;
  for (int step = index; step <= last_reader; ++step) {
    if (scratch_range(model, step).overlaps(tensor)) {
      return "plan puts scratch over a tensor that is in use; plan the model again";
    }
    if (step == index || !tensor_range(model, step).overlaps(tensor)) continue;
    if (step < last_reader || !is_in_place(model, step, index)) {
      return "plan writes over a tensor that is read later; plan the model again";
    }
  }
  return nullptr;
}

}  // namespace

Refusal verify_plan(const View& model) {
  for (int i = 0; i < model.operator_count(); ++i) {
    const char* reason = outside(model, tensor_range(model, i));
    if (reason == nullptr) reason = outside(model, scratch_range(model, i));
    if (reason == nullptr) reason = overwritten(model, i);
    if (reason != nullptr) return {reason, i};
  }
  return {};
}

}  // namespace coco_mcu::model
