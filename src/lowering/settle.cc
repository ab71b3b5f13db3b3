#include "lowering/settle.h"

#include <algorithm>

#include "lowering/policy.h"
#include "lowering/quantize.h"
#include "lowering/quantize_grids.h"
#include "lowering/trained_quantizers.h"

namespace coco_mcu::lowering {

void settle(const network::Network& network, network::Checkpoint& checkpoint) {
  const bool has_ranges = std::ranges::any_of(checkpoint.quantizers, [](const auto& quantizer) {
    return quantizer.kind == network::QuantizerKind::kLearnedRange;
  });
  if (!has_ranges) return;
  const FusedNetwork operators = fuse(network);
  const TrainedQuantizers quantizers =
      trained_quantizers(checkpoint.quantizers, checkpoint.tensors);
  const network::Tensors effective = effective_weights(checkpoint.tensors, quantizers);
  QuantizeOptions options;
  options.preprocessing = checkpoint.preprocessing;
  options.formats = choose_formats("trained", network, operators, effective);
  options.bias_correction = false;
  const Calibration calibration = {.ranges = trained_ranges(network, operators, quantizers),
                                   .means = {}};
  settle_batch_norms(network, operators, calibration, options, effective, checkpoint.tensors);
}

}  // namespace coco_mcu::lowering
