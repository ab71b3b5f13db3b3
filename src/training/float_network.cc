#include "training/float_network.h"

#include "training/plugin.h"

namespace coco_mcu::training {

std::unique_ptr<FloatNetwork> open_float_network(const std::filesystem::path& checkpoint) {
  return std::unique_ptr<FloatNetwork>(plugin().open_checkpoint(checkpoint));
}

std::unique_ptr<FloatNetwork> open_float_network(const network::Network& description,
                                                 const network::Checkpoint& checkpoint) {
  return std::unique_ptr<FloatNetwork>(plugin().open_network(description, checkpoint));
}

}  // namespace coco_mcu::training
