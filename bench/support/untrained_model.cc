#include "bench/support/untrained_model.h"

#include <utility>

#include "engine/seal.h"
#include "lowering/calibration.h"
#include "lowering/fusion.h"
#include "lowering/policy.h"
#include "lowering/quantize.h"
#include "model/serialize.h"
#include "planning/whole_tensor.h"

namespace coco_mcu {

model::IntegerModel quantize_untrained(const network::Network& network,
                                       const network::Tensors& tensors,
                                       const core::Preprocessing& preprocessing,
                                       const std::string& policy) {
  const lowering::FusedNetwork operators = lowering::fuse(network);
  lowering::Calibration calibration;
  for (const network::NodeId node : lowering::nodes_to_calibrate(operators)) {
    calibration.ranges[network.nodes[static_cast<std::size_t>(node)].name] = {-4.0, 4.0};
  }
  lowering::QuantizeOptions options;
  options.preprocessing = preprocessing;
  options.formats = lowering::choose_formats(policy, network, operators, tensors);
  options.bias_correction = false;
  return lowering::quantize(network, operators, tensors, calibration, options);
}

model::ModelFile lower_untrained(const network::Checkpoint& checkpoint, const std::string& policy) {
  model::IntegerModel result = quantize_untrained(
      network::network_of(checkpoint), checkpoint.tensors, checkpoint.preprocessing, policy);
  const model::Plan plan = planning::plan_whole_tensors(result);
  return with_plan(std::move(result), plan, policy);
}

model::ModelFile with_plan(model::IntegerModel model, const model::Plan& plan,
                           const std::string& name) {
  model.plan = plan;
  engine::seal(model);
  return {model::serialize(model), name};
}

}  // namespace coco_mcu
