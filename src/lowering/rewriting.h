// Carries a plan of liveness.h out: the smaller network and its tensors.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lowering/intervals.h"
#include "lowering/liveness.h"
#include "lowering/reduction_report.h"
#include "lowering/trained_quantizers.h"
#include "network/network.h"

namespace coco_mcu::lowering {

struct Rewritten {
  network::Network network;
  network::Tensors tensors;
  network::Quantizers quantizers;  // of outputs
  std::vector<ConstantChannels> constants;
  std::map<std::string, Flags, std::less<>> kept;  // by node: which of its channels are left
};

Rewritten rewrite(const network::Network& network, const network::Tensors& tensors,
                  const TrainedQuantizers& quantizers, const Intervals& intervals,
                  const Plan& plan);

}  // namespace coco_mcu::lowering
