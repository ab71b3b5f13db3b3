// How far the tensors of an integer model are from those of the float network it was made of.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "model/view.h"
#include "training/float_network.h"

namespace coco_mcu::cli {

struct LayerNoise {
  std::string layer;
  /// Signal-to-quantization-noise ratio in dB: 10 log10(sum of x^2 / sum of (x - y)^2) over all
  /// pictures and elements, x the float network's numbers and y what the codes stand for.
  std::optional<double> decibels;
  /// Why there is no ratio: "not in the checkpoint", "other channels", "other size" (a table is
  /// taken before upsampling), "silent" (all zero), "exact".
  std::string reason;
};

/// One for each layer of the model. A layer is compared with the node of the float network whose
/// values its codes stand for, if both have the same shape: `network` is the one that was lowered,
/// without the channels that lowering has removed. Both have the same preprocessing.
/// Throws std::runtime_error for a picture that cannot be read.
std::vector<LayerNoise> measure_noise(const training::FloatNetwork& network,
                                      const model::View& model, const kernels::Backend& backend,
                                      std::span<const std::filesystem::path> pictures);

}  // namespace coco_mcu::cli
