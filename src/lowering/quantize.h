// From a float network and what was seen of it to an integer model (docs/arithmetic.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/preprocessing.h"
#include "lowering/calibration.h"
#include "lowering/fusion.h"
#include "lowering/policy.h"
#include "model/integer_model.h"
#include "network/checkpoint_tensor.h"
#include "network/network.h"

namespace coco_mcu::lowering {

struct QuantizeOptions {
  core::Preprocessing preprocessing;
  WeightFormats formats;        // of each operator with weights
  bool bias_correction = true;  // of channels whose weights are rounded, see bias_correction.h
  double threshold = 0.5;       // probability from which on the decision is "person"
  std::map<std::string, std::string> provenance;
};

/// The integer model, without plan and golden vector. `tensors` hold the weights as they are
/// computed with (see effective_weights), `calibration` has watched the same network. Throws
/// std::invalid_argument naming the layer, the reason and the remedy where the network does not fit
/// into the arithmetic.
model::IntegerModel quantize(const network::Network& network, const FusedNetwork& operators,
                             const network::Tensors& tensors, const Calibration& calibration,
                             const QuantizeOptions& options);

/// Changes the batch norms of a network whose activations all have ranges so that their factors and
/// addends are what the integers of the requantization rule stand for: quantize() then rounds none
/// of them, and the float network computes the model's codes but for ties and float rounding.
/// `effective` are `tensors` with the weights as they are computed with. Throws as quantize does.
void settle_batch_norms(const network::Network& network, const FusedNetwork& operators,
                        const Calibration& calibration, const QuantizeOptions& options,
                        const network::Tensors& effective, network::Tensors& tensors);

/// What the model stores in flash: packed weights, multipliers and offsets (4 bytes for each
/// channel), tables.
struct StoredBytes {
  std::int64_t weights = 0;
  std::int64_t requantization = 0;
  std::int64_t tables = 0;

  std::int64_t total() const { return weights + requantization + tables; }
};
StoredBytes stored_bytes(const model::IntegerModel& model);

}  // namespace coco_mcu::lowering
