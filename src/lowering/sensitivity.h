// Which layers bear few bits: chooses weight formats under a budget of bytes by the error that each
// layer's format causes alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lowering/policy.h"

namespace coco_mcu::lowering {

/// One format that a layer could have.
struct FormatChoice {
  core::WeightFormat format = core::WeightFormat::kSigned8;
  std::int64_t bytes = 0;
  double error = 0.0;  // any unit that adds up over layers: mean squared change of the logits
};

struct LayerChoices {
  std::string layer;
  std::vector<FormatChoice> choices;
};

/// The error of a network with these tensors against the float network, averaged over pictures.
using NetworkError = std::function<double(const network::Tensors&)>;

/// Tries every format on every layer, one layer at a time with its weights replaced by what the
/// format makes of them. Where a layer's weights stand on a format's grid already, that format has
/// no error and wider ones are no choice. `after_each` is called after every layer.
std::vector<LayerChoices> measure_sensitivity(
    const network::Network& network, const FusedNetwork& operators, const network::Tensors& tensors,
    const NetworkError& error, const std::function<void()>& after_each = [] {});

/// One format for each layer with the weights' bytes within the budget. From the widest formats on
/// it always takes the step that adds the least error per byte saved, and spends what is left over
/// on the steps back that remove the most. Errors of layers are taken to add up. Throws
/// std::invalid_argument where the narrowest formats do not fit.
WeightFormats choose_within(const std::vector<LayerChoices>& layers, std::int64_t budget);

}  // namespace coco_mcu::lowering
