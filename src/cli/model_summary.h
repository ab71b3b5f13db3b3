// What an integer model costs, layer by layer: the figures that inspect prints.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "model/view.h"

namespace coco_mcu::cli {

struct LayerSummary {
  model::OperatorView layer;
  std::int64_t weights = 0;       // number
  std::int64_t weight_bytes = 0;  // packed
  std::int64_t macs = 0;
  std::string kernel_name;  // of the back end's kernel that computes it
};

/// Sums over layers.
struct CostSummary {
  std::int64_t layers = 0;
  std::int64_t weights = 0;
  std::int64_t weight_bytes = 0;
  std::int64_t macs = 0;

  void add(const LayerSummary& layer);
};

struct ModelSummary {
  std::vector<LayerSummary> layers;
  CostSummary total;
  std::map<int, CostSummary> by_bits;  // layers that have weights, by the bits of one weight
};

ModelSummary summarize(const model::View& model, const kernels::Backend& backend);

/// "5x5 stride 2" of a layer with a window; else empty.
std::string window_text(const model::OperatorAttributes& layer);

}  // namespace coco_mcu::cli
