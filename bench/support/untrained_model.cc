#include "bench/support/untrained_model.h"

#include "engine/seal.h"
#include "lowering/calibration.h"
#include "lowering/fusion.h"
#include "lowering/policy.h"
#include "lowering/quantize.h"
#include "model/serialize.h"
#include "planning/whole_tensor.h"

namespace coco_mcu {

model::ModelFile lower_untrained(const network::Checkpoint& checkpoint, const std::string& policy) {
  const network::Network description = network::network_of(checkpoint);
  const lowering::FusedNetwork operators = lowering::fuse(description);
  lowering::Calibration calibration;
  for (const network::NodeId node : lowering::nodes_to_calibrate(operators)) {
    calibration.ranges[description.nodes[static_cast<std::size_t>(node)].name] = {-4.0, 4.0};
  }
  lowering::QuantizeOptions options;
  options.preprocessing = checkpoint.preprocessing;
  options.formats = lowering::choose_formats(policy, description, operators, checkpoint.tensors);
  options.bias_correction = false;
  model::IntegerModel result =
      lowering::quantize(description, operators, checkpoint.tensors, calibration, options);
  result.plan = planning::plan_whole_tensors(result);
  engine::seal(result);
  return {model::serialize(result), policy};
}

}  // namespace coco_mcu
