#include "lowering/idle_weights.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/requantize.h"
#include "core/weight_format.h"

namespace coco_mcu::lowering {
namespace {

using model::Operator;

/// The codes of a layer's weights, rows x columns.
struct Codes {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<std::uint8_t> values;
};

Codes unpack(const Operator& layer, const Operator& input) {
  Codes codes{
      static_cast<std::size_t>(layer.channels), static_cast<std::size_t>(input.channels), {}};
  const std::size_t row_bytes = core::packed_row_bytes(layer.format, codes.columns);
  for (std::size_t row = 0; row < codes.rows; ++row) {
    for (std::size_t column = 0; column < codes.columns; ++column) {
      codes.values.push_back(
          core::code_at(layer.format, layer.weights.data() + row * row_bytes, column));
    }
  }
  return codes;
}

/// Which rows or columns have a weight that is not zero.
struct InUse {
  std::vector<bool> rows;
  std::vector<bool> columns;
};

InUse in_use(const Codes& codes, core::WeightFormat format) {
  InUse used{std::vector<bool>(codes.rows), std::vector<bool>(codes.columns)};
  for (std::size_t i = 0; i < codes.values.size(); ++i) {
    const int weight = core::weight_origin(format) + core::weight_step(format) * codes.values[i];
    if (weight == 0) continue;
    used.rows[i / codes.columns] = true;
    used.columns[i % codes.columns] = true;
  }
  return used;
}

int count(const std::vector<bool>& members) {
  return static_cast<int>(std::count(members.begin(), members.end(), true));
}

std::vector<std::uint8_t> mask_of(const std::vector<bool>& members) {
  std::vector<std::uint8_t> mask(model::mask_bytes(static_cast<int>(members.size())));
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i]) mask[i / 8] = static_cast<std::uint8_t>(mask[i / 8] | (1U << (i % 8)));
  }
  return mask;
}

void pack(const Codes& codes, const InUse& used, Operator& layer) {
  layer.weights.clear();
  for (std::size_t row = 0; row < codes.rows; ++row) {
    if (!used.rows[row]) continue;
    std::vector<std::uint8_t> kept;
    for (std::size_t column = 0; column < codes.columns; ++column) {
      if (used.columns[column]) kept.push_back(codes.values[row * codes.columns + column]);
    }
    std::vector<std::uint8_t> packed(core::packed_row_bytes(layer.format, kept.size()));
    core::pack_codes(layer.format, kept.data(), kept.size(), packed.data());
    layer.weights.insert(layer.weights.end(), packed.begin(), packed.end());
  }
}

/// Rows without weights become the code of an accumulator of zero.
void make_constant(const std::vector<bool>& computed, Operator& layer) {
  const model::Requantization all = layer.requantization;
  layer.requantization.multipliers.clear();
  layer.requantization.offsets.clear();
  for (std::size_t channel = 0; channel < computed.size(); ++channel) {
    if (computed[channel]) {
      layer.requantization.multipliers.push_back(all.multipliers[channel]);
      layer.requantization.offsets.push_back(all.offsets[channel]);
    } else {
      layer.constants.push_back(core::requantize(all.view(), 0, channel));
    }
  }
  layer.made_channels = count(computed);
  layer.made_mask = mask_of(computed);
}

void leave_out(const Operator& input, Operator& layer) {
  const Codes codes = unpack(layer, input);
  const InUse used = in_use(codes, layer.format);
  const int rows = count(used.rows);
  const int columns = count(used.columns);
  if (rows == 0 || (rows == layer.channels && columns == input.channels)) return;
  pack(codes, used, layer);
  if (columns < input.channels) {
    layer.read_channels = columns;
    layer.read_mask = mask_of(used.columns);
  }
  if (rows < layer.channels) make_constant(used.rows, layer);
}

}  // namespace

void leave_out_idle_weights(model::IntegerModel& model) {
  for (Operator& layer : model.operators) {
    if (layer.kind != model::OperatorKind::kConvolution) continue;
    const Operator& input = model.operators[static_cast<std::size_t>(layer.inputs[0])];
    const bool is_whole = layer.read_channels == 0 && layer.made_channels == 0;
    if (is_whole && layer.kernel == 1 && input.height == 1 && input.width == 1) {
      leave_out(input, layer);
    }
  }
}

}  // namespace coco_mcu::lowering
