// From a float network and what was seen of it to an integer model (docs/arithmetic.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/preprocessing.h"
#include "lowering/calibration.h"
#include "lowering/fusion.h"
#include "lowering/parameters.h"
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

/// What each channel of a convolution goes through: its bias and its batch norm.
std::vector<Affine> affine_of(const network::Network& network, const network::Tensors& tensors,
                              const FusedOperator& convolution);

/// What the integers make of the real numbers of operator `index`, for those who want to train on
/// it (settle.h). Arguments as quantize takes them.
///
/// Of a layer without weights: its rounded by its real multiplier.
double rounding_of_multiplier(const network::Network& network, const FusedNetwork& operators,
                              const network::Tensors& tensors, const Calibration& calibration,
                              const QuantizeOptions& options, std::size_t index);
/// A convolution's factors and addends (batch norm and bias) as multipliers and offsets have them.
/// Where there is no batch norm, a factor is what rounding makes of 1.
std::vector<Affine> rounded_affine(const network::Network& network, const FusedNetwork& operators,
                                   const network::Tensors& tensors, const Calibration& calibration,
                                   const QuantizeOptions& options, std::size_t index);

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
