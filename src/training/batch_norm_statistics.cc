#include "training/batch_norm_statistics.h"

namespace coco_mcu::training {

void reestimate_batch_norm(NetworkModule& module, NetworkModule::Mode mode, std::int64_t batches,
                           const std::function<torch::Tensor(std::int64_t)>& pictures) {
  const torch::NoGradGuard no_grad;
  module.train();
  mode.use_batch_statistics = true;
  for (std::int64_t i = 0; i < batches; ++i) {
    // Keeping i / (i + 1) of the old ones makes a plain mean; the first batch forgets what was.
    mode.batch_norm_momentum = static_cast<double>(i) / static_cast<double>(i + 1);
    mode.dropout_key = static_cast<std::uint64_t>(i);
    module.set_mode(mode);
    module.logits(pictures(i));
  }
  module.eval();
}

}  // namespace coco_mcu::training
