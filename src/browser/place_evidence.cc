#include "browser/place_evidence.h"

#include <algorithm>

#include "engine/layer_rows.h"
#include "engine/layers.h"

namespace coco_mcu::browser {
namespace {

using model::OperatorView;

engine::RowBuffer whole_tensor(std::uint8_t* data, const model::OperatorAttributes& layer) {
  return {data, layer.height, model::row_bytes(layer)};
}

std::size_t prepared_bytes(const kernels::Backend& backend, const OperatorView& layer,
                           const OperatorView& input) {
  if (!model::has_weights(layer.kind)) return 0;
  return engine::choose_kernel(backend, layer, input, engine::rows_at_once(layer))
      .behind_plan_bytes;
}

}  // namespace

PlaceEvidence::PlaceEvidence(const model::View& model, const kernels::Backend& backend)
    : model_(model), backend_(&backend), scratch_(1), prepared_(1) {
  if (!find_head()) return;
  const model::OperatorAttributes map = model_.attributes(model_.layer(average_).inputs[0]);
  rows_ = map.height;
  columns_ = map.width;
  map_.resize(model::tensor_bytes(map));
  place_map_.resize(map_.size());
  reserve();
}

/// Whether there is an average behind which no layer reads what lies in front of it.
bool PlaceEvidence::find_head() {
  average_ = model_.operator_count() - 1;
  while (average_ > 0 && model_.layer(average_).kind != model::OperatorKind::kGlobalAverage) {
    --average_;
  }
  for (int i = average_ + 1; i < model_.operator_count(); ++i) {
    const OperatorView layer = model_.layer(i);
    const int inputs = model::input_count(layer.kind);
    if (std::any_of(layer.inputs, layer.inputs + inputs, [&](int x) { return x < average_; })) {
      return false;
    }
  }
  return average_ > 0;
}

void PlaceEvidence::reserve() {
  std::size_t scratch = 1;
  std::size_t prepared = 1;
  for (int i = average_; i < model_.operator_count(); ++i) {
    const OperatorView layer = model_.layer(i);
    const OperatorView input = model_.layer(layer.inputs[0]);
    scratch = std::max(scratch, model::scratch_bytes(layer, input));
    prepared = std::max(prepared, prepared_bytes(*backend_, layer, input));
    outputs_.emplace_back(model::tensor_bytes(layer));
  }
  scratch_ = engine::Arena(scratch);
  prepared_ = engine::Arena(prepared);
}

void PlaceEvidence::on_rows(int layer, std::int32_t first, std::int32_t count,
                            const std::uint8_t* rows) {
  if (rows_ == 0 || layer != model_.layer(average_).inputs[0]) return;
  const std::size_t bytes = map_.size() / static_cast<std::size_t>(rows_);
  std::copy_n(rows, static_cast<std::size_t>(count) * bytes,
              map_.data() + static_cast<std::size_t>(first) * bytes);
}

std::uint8_t* PlaceEvidence::output(int layer) {
  return layer < average_ ? place_map_.data()
                          : outputs_[static_cast<std::size_t>(layer - average_)].data();
}

void PlaceEvidence::run(int layer) {
  engine::LayerRows step = {.backend = *backend_, .layer = model_.layer(layer)};
  const int inputs = model::input_count(step.layer.kind);
  for (int i = 0; i < inputs; ++i) step.inputs[i] = model_.attributes(step.layer.inputs[i]);
  step.x = whole_tensor(output(step.layer.inputs[0]), step.inputs[0]);
  if (inputs > 1) step.by = whole_tensor(output(step.layer.inputs[1]), step.inputs[1]);
  step.out = whole_tensor(output(layer), step.layer);
  step.scratch = scratch_.data();
  step.prepared = prepared_.data();
  engine::run_all(step);
}

std::int32_t PlaceEvidence::probability(const std::vector<std::uint8_t>& map) {
  place_map_ = map;
  const int last = model_.operator_count() - 1;
  for (int layer = average_; layer <= last; ++layer) run(layer);
  return reinterpret_cast<const std::uint16_t*>(output(last))[model_.decision_label()];
}

std::vector<std::int32_t> PlaceEvidence::probabilities() {
  std::vector<std::int32_t> result;
  if (rows_ == 0) return result;
  const std::size_t channels = map_.size() / (static_cast<std::size_t>(rows_) * columns_);
  std::vector<std::uint8_t> same(map_.size());
  for (auto place = map_.begin(); place != map_.end(); place += std::ptrdiff_t(channels)) {
    for (auto to = same.begin(); to != same.end(); to += std::ptrdiff_t(channels)) {
      std::copy_n(place, channels, to);
    }
    result.push_back(probability(same));
  }
  return result;
}

}  // namespace coco_mcu::browser
