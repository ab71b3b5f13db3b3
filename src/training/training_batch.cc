#include "training/training_batch.h"

#include "training/network_module.h"

namespace coco_mcu::training {
namespace {

torch::Tensor on_device(const std::vector<float>& values, const torch::Device& device) {
  // from_blob takes no const pointer; clone only reads.
  auto* begin = const_cast<float*>(values.data());
  const auto count = static_cast<std::int64_t>(values.size());
  return torch::from_blob(begin, {count}, torch::kFloat).clone().to(device);
}

}  // namespace

TrainingBatch training_batch(const dataset::Batch& batch, const core::Preprocessing& preprocessing,
                             const torch::Device& device) {
  const auto count = static_cast<std::int64_t>(batch.labels.size());
  auto* bytes = const_cast<std::uint8_t*>(batch.pixels.data());
  const torch::Tensor pixels =
      torch::from_blob(bytes, {count, preprocessing.height, preprocessing.width, 3}, torch::kUInt8);
  return {.pictures = normalize(pixels.to(device), preprocessing.mean, preprocessing.deviation),
          .targets = {.labels = on_device(batch.labels, device),
                      .teacher = on_device(batch.teacher, device)}};
}

}  // namespace coco_mcu::training
