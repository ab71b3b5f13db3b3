#include "model/serialize.h"

#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/crc32.h"
#include "model/header.h"
#include "model/integer_model_generated.h"
#include "model/view.h"

namespace coco_mcu::model {
namespace {

static_assert(FLATBUFFERS_LITTLEENDIAN, "numbers in `data` are stored as the machine holds them");

/// The numbers that are read in place, and where each of them stands.
class Data {
 public:
  template <class Number>
  std::uint32_t append(const std::vector<Number>& numbers, std::size_t alignment) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(numbers.data());
    return append(bytes, numbers.size() * sizeof(Number), alignment);
  }

  std::uint32_t append(const std::uint8_t* bytes, std::size_t size, std::size_t alignment) {
    std::string content(reinterpret_cast<const char*>(bytes), size);
    const auto known = places_.find(content);
    if (known != places_.end() && known->second % alignment == 0) return known->second;
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
    const auto offset = static_cast<std::uint32_t>(bytes_.size());
    bytes_.insert(bytes_.end(), bytes, bytes + size);
    places_.emplace(std::move(content), offset);
    return offset;
  }

  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::unordered_map<std::string, std::uint32_t> places_;
};

std::uint32_t append_rule(Data& data, const Requantization& rule) {
  std::vector<std::int16_t> numbers = rule.multipliers;
  numbers.insert(numbers.end(), rule.offsets.begin(), rule.offsets.end());
  return data.append(numbers, alignof(std::int16_t));
}

/// The layer's numbers, before its table is begun: what could be 16-byte aligned comes first.
flatbuffers::Offset<file::Operator> append_operator(flatbuffers::FlatBufferBuilder& builder,
                                                    Data& data, const Operator& layer) {
  const auto name = builder.CreateSharedString(layer.name);
  const Requantization& rule = layer.requantization;
  file::OperatorBuilder table(builder);
  table.add_name(name);
  table.add_kind(static_cast<std::uint8_t>(layer.kind));
  if (!layer.inputs.empty()) table.add_first_input(static_cast<std::uint16_t>(layer.inputs[0]));
  if (layer.inputs.size() > 1) table.add_second_input(static_cast<std::uint16_t>(layer.inputs[1]));
  table.add_height(static_cast<std::uint16_t>(layer.height));
  table.add_width(static_cast<std::uint16_t>(layer.width));
  table.add_channels(static_cast<std::uint16_t>(layer.channels));
  table.add_scale(layer.scale);
  table.add_zero_point(static_cast<std::int16_t>(layer.zero_point));
  table.add_kernel(static_cast<std::uint8_t>(layer.kernel));
  table.add_stride(static_cast<std::uint8_t>(layer.stride));
  table.add_padding(static_cast<std::uint8_t>(layer.padding));
  table.add_format(static_cast<std::uint8_t>(layer.format));
  table.add_factor_x(layer.factors[0]);
  table.add_factor_y(layer.factors[1]);
  table.add_factor(static_cast<std::uint16_t>(layer.factor));
  table.add_offset(static_cast<std::uint16_t>(layer.offset));
  table.add_left_shift(rule.left_shift);
  table.add_shift(rule.shift);
  table.add_offset_shift(rule.offset_shift);
  table.add_low(rule.low);
  table.add_high(rule.high);
  if (!layer.weights.empty()) table.add_weights_at(data.append(layer.weights, kAlignment));
  table.add_read_channels(static_cast<std::uint16_t>(layer.read_channels));
  table.add_made_channels(static_cast<std::uint16_t>(layer.made_channels));
  if (!layer.read_mask.empty()) table.add_read_mask_at(data.append(layer.read_mask, 1));
  if (!layer.made_mask.empty()) {
    table.add_made_mask_at(data.append(layer.made_mask, 1));
    table.add_constants_at(data.append(layer.constants, 1));
  }
  if (!rule.multipliers.empty()) {
    table.add_requantization_at(append_rule(data, rule));
    table.add_uniform(rule.multipliers.size() == 1);
  }
  if (!rule.twice.empty()) {
    table.add_requantization_at(data.append(rule.twice, alignof(std::int32_t)));
    table.add_twice(true);
    table.add_uniform(!has_weights(layer.kind));
  }
  if (!rule.table.empty()) table.add_table_at(data.append(rule.table, 1));
  if (!layer.second_table.empty()) table.add_second_table_at(data.append(layer.second_table, 1));
  if (!layer.exponentials.empty()) {
    table.add_exponentials_at(data.append(layer.exponentials, alignof(std::uint16_t)));
  }
  return table.Finish();
}

std::uint32_t append_input_tables(Data& data, const IntegerModel& model) {
  std::vector<std::uint8_t> tables;
  for (const auto& table : model.input_tables) {
    tables.insert(tables.end(), table.begin(), table.end());
  }
  return data.append(tables, 1);
}

flatbuffers::Offset<file::Plan> append_plan(flatbuffers::FlatBufferBuilder& builder,
                                            const Plan& plan) {
  std::vector<file::Step> steps;
  std::vector<std::uint16_t> pass_ends;
  for (const PlanPass& pass : plan.passes) {
    for (const PlanStep& step : pass) {
      steps.emplace_back(step.offset, step.scratch, static_cast<std::uint16_t>(step.layer),
                         static_cast<std::uint16_t>(step.rows));
    }
    pass_ends.push_back(static_cast<std::uint16_t>(steps.size()));
  }
  return file::CreatePlanDirect(builder, plan.arena_bytes, plan.streams_input, &pass_ends, &steps);
}

flatbuffers::Offset<file::Model> append_model(flatbuffers::FlatBufferBuilder& builder,
                                              const IntegerModel& model) {
  Data data;
  std::vector<flatbuffers::Offset<file::Operator>> operators;
  for (const Operator& layer : model.operators) {
    operators.push_back(append_operator(builder, data, layer));
  }
  const std::uint32_t input_tables_at = append_input_tables(data, model);
  std::vector<flatbuffers::Offset<file::Entry>> provenance;
  for (const auto& [key, value] : model.provenance) {
    provenance.push_back(file::CreateEntryDirect(builder, key.c_str(), value.c_str()));
  }
  const auto plan = append_plan(builder, model.plan);
  const auto golden =
      file::CreateGoldenDirect(builder, &model.golden.checksums, model.golden.decision);
  const core::Preprocessing& preprocessing = model.preprocessing;
  const auto network = builder.CreateString(model.network);
  const auto mean = builder.CreateVector(preprocessing.mean, 3);
  const auto deviation = builder.CreateVector(preprocessing.deviation, 3);
  const auto operator_vector = builder.CreateVector(operators);
  const auto labels = builder.CreateVectorOfStrings(model.labels);
  const auto provenance_vector = builder.CreateVector(provenance);
  builder.ForceVectorAlignment(data.bytes().size(), sizeof(std::uint8_t), kAlignment);
  const auto numbers = builder.CreateVector(data.bytes());
  return file::CreateModel(builder, network, static_cast<std::uint8_t>(preprocessing.resize), mean,
                           deviation, input_tables_at, operator_vector, labels,
                           static_cast<std::uint16_t>(model.decision_label),
                           static_cast<std::uint16_t>(model.threshold), provenance_vector, plan,
                           golden, numbers, static_cast<std::uint8_t>(model.interface));
}

Operator operator_of(const View& view, int index) {
  const OperatorView stored = view.layer(index);
  const OperatorView input = view.layer(stored.inputs[0]);
  Operator layer;
  static_cast<OperatorAttributes&>(layer) = stored;
  layer.name = stored.name;
  layer.inputs.assign(stored.inputs, stored.inputs + input_count(stored.kind));
  if (has_weights(stored.kind)) {
    layer.weights.assign(stored.weights, stored.weights + packed_weight_bytes(stored, input));
  }
  if (stored.read_mask != nullptr) {
    layer.read_mask.assign(stored.read_mask, stored.read_mask + mask_bytes(input.channels));
  }
  if (stored.made_mask != nullptr) {
    layer.made_mask.assign(stored.made_mask, stored.made_mask + mask_bytes(stored.channels));
    layer.constants.assign(stored.constants,
                           stored.constants + (stored.channels - stored.made_channels));
  }
  const core::Requantization& rule = stored.requantization;
  if (rule.twice != nullptr) {
    const auto triples = rule.is_uniform ? 1 : static_cast<std::size_t>(stored.channels);
    layer.requantization.twice.assign(rule.twice, rule.twice + core::kTwiceNumbers * triples);
  } else if (is_requantized(stored.kind)) {
    const auto count = rule.is_uniform ? 1 : static_cast<std::size_t>(made_channels(stored));
    layer.requantization.multipliers.assign(rule.multipliers, rule.multipliers + count);
    layer.requantization.offsets.assign(rule.offsets, rule.offsets + count);
  }
  static_cast<core::LayerRequantization&>(layer.requantization) = rule;
  if (rule.table != nullptr) layer.requantization.table.assign(rule.table, rule.table + 256);
  if (stored.second_table != nullptr) {
    layer.second_table.assign(stored.second_table, stored.second_table + 256);
  }
  if (stored.kind == OperatorKind::kSoftmax) {
    layer.exponentials.assign(stored.exponentials, stored.exponentials + 256);
  }
  return layer;
}

Plan plan_of(const View& view) {
  Plan plan;
  plan.arena_bytes = view.arena_bytes();
  plan.streams_input = view.streams_input();
  for (int pass = 0, step = 0; pass < view.pass_count(); ++pass) {
    plan.passes.emplace_back();
    for (; step < view.pass_end(pass); ++step) {
      const PlanStepView stored = view.plan_step(step);
      plan.passes.back().push_back({stored.layer, stored.rows, stored.offset, stored.scratch});
    }
  }
  return plan;
}

}  // namespace

std::vector<std::uint8_t> serialize(const IntegerModel& model) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(append_model(builder, model));
  Header header;
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.file_bytes = static_cast<std::uint32_t>(sizeof(Header) + builder.GetSize());
  header.crc32 = core::crc32(builder.GetBufferPointer(), builder.GetSize());
  std::vector<std::uint8_t> bytes(header.file_bytes);
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), builder.GetBufferPointer(), builder.GetSize());
  return bytes;
}

IntegerModel deserialize(std::span<const std::uint8_t> bytes) {
  const View view(bytes.data());
  IntegerModel model;
  model.network = view.network();
  model.interface = view.interface();
  model.preprocessing = view.preprocessing();
  for (std::size_t c = 0; c < model.input_tables.size(); ++c) {
    std::memcpy(model.input_tables[c].data(), view.input_tables() + 256 * c, 256);
  }
  for (int i = 0; i < view.operator_count(); ++i) {
    model.operators.push_back(operator_of(view, i));
    model.golden.checksums.push_back(view.golden_checksum(i));
  }
  for (int i = 0; i < view.label_count(); ++i) model.labels.emplace_back(view.label(i));
  for (int i = 0; i < view.provenance_count(); ++i) {
    const ProvenanceEntry entry = view.provenance(i);
    model.provenance.emplace(entry.key, entry.value);
  }
  model.decision_label = view.decision_label();
  model.threshold = view.threshold();
  model.plan = plan_of(view);
  model.golden.decision = view.golden_decision();
  return model;
}

}  // namespace coco_mcu::model
