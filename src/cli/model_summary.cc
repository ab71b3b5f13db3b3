#include "cli/model_summary.h"

#include <fmt/format.h>

#include "engine/engine.h"

namespace coco_mcu::cli {
namespace {

LayerSummary summarize_layer(const model::View& model, const kernels::Backend& backend, int index) {
  LayerSummary summary;
  summary.layer = model.layer(index);
  const model::OperatorView input = model.layer(summary.layer.inputs[0]);
  summary.weights = static_cast<std::int64_t>(weight_count(summary.layer, input));
  summary.weight_bytes = static_cast<std::int64_t>(packed_weight_bytes(summary.layer, input));
  summary.macs = static_cast<std::int64_t>(macs(summary.layer, input));
  summary.kernel_name = engine::kernel_name(model, backend, index);
  return summary;
}

}  // namespace

void CostSummary::add(const LayerSummary& layer) {
  ++layers;
  weights += layer.weights;
  weight_bytes += layer.weight_bytes;
  macs += layer.macs;
}

ModelSummary summarize(const model::View& model, const kernels::Backend& backend) {
  ModelSummary summary;
  for (int i = 0; i < model.operator_count(); ++i) {
    summary.layers.push_back(summarize_layer(model, backend, i));
    const LayerSummary& added = summary.layers.back();
    summary.total.add(added);
    if (model::has_weights(added.layer.kind)) {
      summary.by_bits[core::weight_bits(added.layer.format)].add(added);
    }
  }
  return summary;
}

std::string window_text(const model::OperatorAttributes& layer) {
  const bool has_window =
      model::has_weights(layer.kind) || layer.kind == model::OperatorKind::kMaxPool;
  if (!has_window) return "";
  const std::string stride = layer.stride > 1 ? fmt::format(" stride {}", layer.stride) : "";
  return fmt::format("{0}x{0}{1}", layer.kernel, stride);
}

}  // namespace coco_mcu::cli
