#include "model/view.h"

#include "core/uses.h"
#include "model/header.h"
#include "model/integer_model_generated.h"

namespace coco_mcu::model {
namespace {

const std::int16_t* int16_at(const std::uint8_t* data, std::uint32_t offset) {
  return reinterpret_cast<const std::int16_t*>(data + offset);
}

core::Requantization requantization_of(const file::Operator& layer,
                                       const OperatorAttributes& attributes,
                                       const std::uint8_t* data) {
  core::Requantization rule;
  rule.is_uniform = layer.uniform();
  const auto count =
      rule.is_uniform ? std::size_t{1} : static_cast<std::size_t>(made_channels(attributes));
  if (core::kUsesTwice && layer.twice()) {
    rule.twice = reinterpret_cast<const std::int32_t*>(data + layer.requantization_at());
    rule.zero_point = static_cast<std::uint8_t>(layer.zero_point());
  }
  rule.multipliers = int16_at(data, layer.requantization_at());
  rule.offsets = rule.multipliers + count;
  rule.table = layer.table_at() == kNoTable ? nullptr : data + layer.table_at();
  rule.left_shift = layer.left_shift();
  rule.shift = layer.shift();
  rule.offset_shift = layer.offset_shift();
  rule.low = layer.low();
  rule.high = layer.high();
  return rule;
}

}  // namespace

[[gnu::noinline]] OperatorAttributes attributes_of(const file::Operator& stored) {
  OperatorAttributes layer;
  layer.kind = static_cast<OperatorKind>(stored.kind());
  layer.height = stored.height();
  layer.width = stored.width();
  layer.channels = stored.channels();
  if (core::kIsForAnyModel) layer.scale = stored.scale();  // firmware has no use for it
  layer.zero_point = stored.zero_point();
  layer.kernel = stored.kernel();
  layer.stride = stored.stride();
  layer.padding = stored.padding();
  layer.format = static_cast<core::WeightFormat>(stored.format());
  if (core::kUsesMasks) {
    layer.read_channels = stored.read_channels();
    layer.made_channels = stored.made_channels();
  }
  if (core::kUsesAdd) {
    layer.factors[0] = stored.factor_x();
    layer.factors[1] = stored.factor_y();
  }
  if (core::kUsesMultiply || core::kUsesUpsample) {
    layer.factor = stored.factor();
    layer.offset = stored.offset();
  }
  return layer;
}

View::View(const std::uint8_t* bytes) : model_(file::GetModel(bytes + sizeof(Header))) {}

Interface View::interface() const {
  return static_cast<Interface>(model_->interface());
}

const char* View::network() const {
  return model_->network()->c_str();
}

core::Preprocessing View::preprocessing() const {
  const OperatorAttributes input = attributes(0);
  core::Preprocessing result;
  result.height = input.height;
  result.width = input.width;
  result.resize = static_cast<core::Resize>(model_->resize());
  for (int c = 0; c < 3; ++c) {
    const auto i = static_cast<flatbuffers::uoffset_t>(c);
    result.mean[c] = model_->mean()->Get(i);
    result.deviation[c] = model_->deviation()->Get(i);
  }
  return result;
}

const std::uint8_t* View::input_tables() const {
  return model_->data()->data() + model_->input_tables_at();
}

int View::operator_count() const {
  return static_cast<int>(model_->operators()->size());
}

OperatorView View::layer(int index) const {
  const file::Operator& stored =
      *model_->operators()->Get(static_cast<flatbuffers::uoffset_t>(index));
  const std::uint8_t* data = model_->data()->data();
  OperatorView view;
  static_cast<OperatorAttributes&>(view) = attributes_of(stored);
  if (core::kIsForAnyModel) view.name = stored.name()->c_str();
  view.inputs[0] = stored.first_input();
  view.inputs[1] = stored.second_input();
  view.weights = data + stored.weights_at();
  if (core::kUsesMasks && view.read_channels != 0) view.read_mask = data + stored.read_mask_at();
  if (core::kUsesMasks && view.made_channels != 0) {
    view.made_mask = data + stored.made_mask_at();
    view.constants = data + stored.constants_at();
  }
  view.requantization = requantization_of(stored, view, data);
  if (core::kUsesConcatenate && stored.second_table_at() != kNoTable) {
    view.second_table = data + stored.second_table_at();
  }
  view.exponentials = reinterpret_cast<const std::uint16_t*>(data + stored.exponentials_at());
  return view;
}

OperatorAttributes View::attributes(int index) const {
  return attributes_of(*model_->operators()->Get(static_cast<flatbuffers::uoffset_t>(index)));
}

const char* View::layer_name(int index) const {
  return model_->operators()->Get(static_cast<flatbuffers::uoffset_t>(index))->name()->c_str();
}

int View::label_count() const {
  return static_cast<int>(model_->labels()->size());
}

const char* View::label(int index) const {
  return model_->labels()->Get(static_cast<flatbuffers::uoffset_t>(index))->c_str();
}

int View::decision_label() const {
  return model_->decision_label();
}

int View::threshold() const {
  return model_->threshold();
}

int View::provenance_count() const {
  return static_cast<int>(model_->provenance()->size());
}

ProvenanceEntry View::provenance(int index) const {
  const file::Entry& entry = *model_->provenance()->Get(static_cast<flatbuffers::uoffset_t>(index));
  return {entry.key()->c_str(), entry.value()->c_str()};
}

std::uint32_t View::arena_bytes() const {
  return model_->plan()->arena_bytes();
}

bool View::streams_input() const {
  return model_->plan()->streams_input();
}

int View::pass_count() const {
  return static_cast<int>(model_->plan()->pass_ends()->size());
}

int View::pass_end(int pass) const {
  return model_->plan()->pass_ends()->Get(static_cast<flatbuffers::uoffset_t>(pass));
}

bool View::is_layer_by_layer() const {
  return !streams_input() && pass_count() == operator_count() &&
         plan_step_count() == operator_count();
}

int View::plan_step_count() const {
  return static_cast<int>(model_->plan()->steps()->size());
}

PlanStepView View::plan_step(int index) const {
  const file::Step& stored =
      *model_->plan()->steps()->Get(static_cast<flatbuffers::uoffset_t>(index));
  return {stored.layer(), stored.rows(), stored.offset(), stored.scratch()};
}

int View::last_step_of(int layer, int before) const {
  const auto& steps = *model_->plan()->steps();
  int step = before - 1;
  while (step >= 0 && steps.Get(static_cast<flatbuffers::uoffset_t>(step))->layer() != layer) {
    --step;
  }
  return step;
}

std::uint32_t View::golden_checksum(int index) const {
  return model_->golden()->checksums()->Get(static_cast<flatbuffers::uoffset_t>(index));
}

bool View::golden_decision() const {
  return model_->golden()->decision();
}

}  // namespace coco_mcu::model
