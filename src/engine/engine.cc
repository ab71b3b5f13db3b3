#include "engine/engine.h"

#include <cstring>

#include "engine/layers.h"
#include "model/plan_pass.h"

namespace coco_mcu::engine {
namespace {

using model::OperatorAttributes;
using model::OperatorKind;
using model::OperatorView;

std::size_t align(std::size_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

/// Where step number `step` of the plan has `layer`.
RowBuffer buffer_of(const model::View& model, std::uint8_t* arena, int step,
                    const OperatorAttributes& layer) {
  const model::PlanStepView place = model.plan_step(step);
  return {arena + place.offset, place.rows, model::row_bytes(layer)};
}

/// Whether a step's output lies beside its input, or right over it where the layer allows that. A
/// plan may also let an output follow its input's rows at a distance.
bool is_apart(const model::View& model, int step, int input) {
  const model::PlanStepView out = model.plan_step(step);
  const OperatorView layer = model.layer(out.layer);
  const model::PlanStepView in =
      model.plan_step(model::source_step(model, step, layer.inputs[input]));
  if (in.offset == out.offset) return model::may_overwrite(layer.kind, input);
  return in.offset + model::tensor_bytes(model.attributes(in.layer)) <= out.offset ||
         out.offset + model::tensor_bytes(layer) <= in.offset;
}

/// A pass of one layer, all of whose tensors are whole: its rows need not be taken one by one.
bool is_whole_layer(const model::View& model, int pass) {
  const model::PassBounds bounds = model::pass_bounds(model, pass);
  const model::PlanStepView step = model.plan_step(bounds.first);
  const OperatorView layer = model.layer(step.layer);
  bool result = bounds.end - bounds.first == 1 && step.rows == layer.height &&
                !(step.layer == 0 && model.streams_input());
  for (int i = 0; result && i < model::input_count(layer.kind); ++i) {
    result = is_apart(model, bounds.first, i);
  }
  return result;
}

/// What a step of a pass keeps behind the plan, aligned.
std::size_t prepared_bytes(const model::View& model, const kernels::Backend& backend, int step,
                           bool is_whole) {
  const OperatorView layer = model.layer(model.plan_step(step).layer);
  if (!model::has_weights(layer.kind)) return 0;
  const OperatorAttributes input = model.attributes(layer.inputs[0]);
  const std::int32_t rows = is_whole ? rows_at_once(layer) : 1;
  return align(choose_kernel(backend, layer, input, rows).behind_plan_bytes);
}

}  // namespace

std::size_t arena_bytes(const model::View& model, const kernels::Backend& backend) {
  std::size_t behind = 0;
  for (int pass = 0; pass < model.pass_count(); ++pass) {
    const model::PassBounds bounds = model::pass_bounds(model, pass);
    const bool is_whole = is_whole_layer(model, pass);
    std::size_t needed = 0;
    for (int step = bounds.first; step < bounds.end; ++step) {
      needed += prepared_bytes(model, backend, step, is_whole);
    }
    if (needed > behind) behind = needed;
  }
  return behind == 0 ? model.arena_bytes() : align(model.arena_bytes()) + behind;
}

Engine::Engine(const model::View& model, const kernels::Backend& backend, std::uint8_t* arena)
    : model_(model), backend_(&backend), arena_(arena) {}

std::uint8_t* Engine::row_place() const {
  return buffer_of(model_, arena_, 0, model_.attributes(0)).row(rows_pushed_);
}

void Engine::begin(Observer* observer) {
  observer_ = observer;
  rows_pushed_ = 0;
  begin_pass(0);
}

void Engine::push_row(const std::uint8_t* rgb) {
  if (model_.streams_input()) {
    walk(rgb);
  } else if (rgb != row_place()) {
    std::memcpy(row_place(), rgb, model::row_bytes(model_.attributes(0)));
  }
  ++rows_pushed_;
}

Decision Engine::finish() {
  while (pass_ < model_.pass_count()) {
    if (is_whole_) {
      run_whole_layer();
    } else {
      walk(nullptr);
    }
    begin_pass(pass_ + 1);
  }
  const std::int32_t probability = probabilities()[model_.decision_label()];
  return {probability, probability >= model_.threshold()};
}

Decision Engine::run(const std::uint8_t* picture, Observer* observer) {
  begin(observer);
  const OperatorAttributes input = model_.attributes(0);
  for (std::int32_t y = 0; y < input.height; ++y) {
    push_row(picture + static_cast<std::size_t>(y) * model::row_bytes(input));
  }
  return finish();
}

const std::uint16_t* Engine::probabilities() const {
  return reinterpret_cast<const std::uint16_t*>(
      arena_ + model_.plan_step(model_.plan_step_count() - 1).offset);
}

LayerRows Engine::layer_rows(int index) const {
  const model::WalkStep& order = walk_.step(index);
  const int number = walk_.first_step() + index;
  const model::PlanStepView step = model_.plan_step(number);
  LayerRows rows = {.backend = *backend_, .layer = model_.layer(step.layer)};
  for (int i = 0; i < order.inputs; ++i) {
    rows.inputs[i] = model_.attributes(rows.layer.inputs[i]);
  }
  if (order.inputs > 0) rows.x = buffer_of(model_, arena_, order.sources[0], rows.inputs[0]);
  if (order.inputs > 1) rows.by = buffer_of(model_, arena_, order.sources[1], rows.inputs[1]);
  rows.out = buffer_of(model_, arena_, number, rows.layer);
  rows.scratch = arena_ + step.scratch;
  rows.prepared = arena_ + prepared_[index];
  rows.input_tables = model_.input_tables();
  return rows;
}

void Engine::begin_pass(int pass) {
  pass_ = pass;
  if (pass == model_.pass_count()) return;
  model::load_pass(model_, pass, walk_);
  is_whole_ = is_whole_layer(model_, pass);
  std::size_t offset = align(model_.arena_bytes());
  for (int i = 0; i < walk_.count(); ++i) {
    prepared_[i] = static_cast<std::uint32_t>(offset);
    offset += prepared_bytes(model_, *backend_, walk_.first_step() + i, is_whole_);
    if (!is_whole_) prepare(layer_rows(i), 1);
  }
}

void Engine::run_whole_layer() {
  LayerRows rows = layer_rows(0);
  rows.picture_row = rows.out.data;
  run_all(rows);
  if (observer_ != nullptr) {
    const int layer = model_.plan_step(walk_.first_step()).layer;
    observer_->on_rows(layer, 0, rows.layer.height, rows.out.data);
  }
}

/// Goes on with the pass until it is done; where the picture streams, until it needs another row
/// than `rgb`.
void Engine::walk(const std::uint8_t* rgb) {
  for (int index = walk_.next(); index >= 0; index = walk_.next()) {
    const bool is_input = index == 0 && pass_ == 0;
    if (is_input && model_.streams_input()) {
      if (rgb == nullptr) return;
      run_next(index, rgb);
      rgb = nullptr;
    } else {
      run_next(index, nullptr);
    }
  }
}

void Engine::run_next(int index, const std::uint8_t* rgb) {
  LayerRows rows = layer_rows(index);
  const std::int32_t unit = walk_.units_done(index);
  rows.picture_row = rgb == nullptr ? rows.out.row(unit) : rgb;
  run_unit(rows, unit);
  walk_.advance(index);
  if (observer_ == nullptr) return;
  const std::int32_t row = walk_.rows_made(index) - 1;
  const bool has_made = !walk_.step(index).gathers || walk_.is_done(index);
  if (has_made) {
    observer_->on_rows(model_.plan_step(walk_.first_step() + index).layer, row, 1,
                       rows.out.row(row));
  }
}

const char* kernel_name(const model::View& model, const kernels::Backend& best, int layer) {
  const OperatorView view = model.layer(layer);
  const kernels::Backend& backend = backend_for(best, view);
  if (model::has_weights(view.kind)) {
    return choose_kernel(backend, view, model.attributes(view.inputs[0]), rows_at_once(view))
        .kernel->name;
  }
  const bool is_shared =
      view.kind == OperatorKind::kInput || view.kind == OperatorKind::kUpsample ||
      view.kind == OperatorKind::kSoftmax || view.kind == OperatorKind::kConcatenate;
  return is_shared ? "reference" : backend.name;
}

}  // namespace coco_mcu::engine
