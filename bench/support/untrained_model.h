// Integer models of networks that nobody trained: the work is the same.
#pragma once

#include <string>

#include "core/preprocessing.h"
#include "model/integer_model.h"
#include "model/model_file.h"
#include "network/checkpoint.h"
#include "network/network.h"

namespace coco_mcu {

/// The network at a policy of lowering::choose_formats, without a plan. Ranges change neither the
/// work nor the memory, so all are the same.
model::IntegerModel quantize_untrained(const network::Network& network,
                                       const network::Tensors& tensors,
                                       const core::Preprocessing& preprocessing,
                                       const std::string& policy);

/// The checkpoint's whole network, every tensor whole, with its golden vector.
model::ModelFile lower_untrained(const network::Checkpoint& checkpoint, const std::string& policy);

/// The model with that plan and its golden vector, as a file that messages call `name`.
model::ModelFile with_plan(model::IntegerModel model, const model::Plan& plan,
                           const std::string& name);

}  // namespace coco_mcu
