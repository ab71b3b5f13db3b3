// A checkpoint of the reference network with random weights: for tests that need some network, not
// a trained one.
#pragma once

#include <cmath>
#include <random>

#include "network/checkpoint.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::testing {

inline network::Checkpoint made_up_checkpoint() {
  const network::Network description = network::coco_mcu();
  network::Checkpoint checkpoint;
  checkpoint.network = description.name;
  checkpoint.preprocessing = {.height = 256,
                              .width = 256,
                              .resize = core::Resize::kBilinear,
                              .mean = {0.5F, 0.5F, 0.5F},
                              .deviation = {0.25F, 0.25F, 0.25F}};
  checkpoint.labels = description.labels;
  checkpoint.provenance = {{"source", "random numbers"}};
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same weights in every run
  for (const network::Parameter& parameter : network::parameters(description)) {
    network::Tensor tensor{.shape = parameter.shape, .values = {}};
    const auto count = static_cast<std::size_t>(*network::element_count(tensor.shape));
    const double fan_in = static_cast<double>(count) / static_cast<double>(tensor.shape[0]);
    const bool is_kernel = tensor.shape.size() == 4;
    const bool is_gain = !is_kernel && (parameter.name.ends_with(".weight") ||
                                        parameter.name.ends_with(".running_var"));
    std::normal_distribution<float> kernel(0.0F, static_cast<float>(std::sqrt(2.0 / fan_in)));
    for (std::size_t i = 0; i < count; ++i) {
      tensor.values.push_back(is_kernel ? kernel(random) : is_gain ? 1.0F : 0.0F);
    }
    checkpoint.tensors[parameter.name] = std::move(tensor);
  }
  return checkpoint;
}

}  // namespace coco_mcu::testing
