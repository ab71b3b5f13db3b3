#include "training/weight_average.h"

#include <algorithm>

namespace coco_mcu::training {

WeightAverage::WeightAverage(const NetworkModule& module, double decay) : decay_(decay) {
  for (const auto& each : module.named_parameters()) {
    parameters_.emplace_back(each.key(), each.value().detach());
    averages_.emplace_back(each.key(), each.value().detach().clone());
  }
}

void WeightAverage::update(std::int64_t number) {
  const torch::NoGradGuard no_grad;
  const auto steps = static_cast<double>(number);
  const double decay = std::min(decay_, (1.0 + steps) / (10.0 + steps));
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    averages_[i].second.lerp_(parameters_[i].second, 1.0 - decay);
  }
}

}  // namespace coco_mcu::training
