// What the numbers of a recipe come to: the learning rate of a step, the format of a layer.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "training/recipe.h"

namespace coco_mcu::training {

double schedule_factor(const Schedule& schedule, std::int64_t step, std::int64_t steps,
                       std::int64_t warmup_steps) {
  const double done =
      steps > 0 ? std::clamp(static_cast<double>(step) / static_cast<double>(steps), 0.0, 1.0)
                : 0.0;
  // The first step is not wasted on a rate of zero.
  const double warmth = step < warmup_steps
                            ? static_cast<double>(step + 1) / static_cast<double>(warmup_steps + 1)
                            : 1.0;
  switch (schedule.kind) {
    case Schedule::Kind::kConstant:
      return warmth;
    case Schedule::Kind::kStep: {
      const auto reached =
          std::upper_bound(schedule.milestones.begin(), schedule.milestones.end(), done) -
          schedule.milestones.begin();
      return warmth * std::pow(schedule.factor, static_cast<double>(reached));
    }
    case Schedule::Kind::kExponential:
      return warmth * std::pow(schedule.final_factor, done);
    case Schedule::Kind::kCosine:
      return warmth * (schedule.final_factor + (1.0 - schedule.final_factor) *
                                                   (1.0 + std::cos(std::numbers::pi * done)) / 2.0);
  }
  return warmth;
}

std::optional<core::WeightFormat> weight_format(const QuantizationOptions& options,
                                                std::string_view layer, bool is_first,
                                                bool is_depthwise, bool is_last) {
  // "bneck4.depthwise", then "bneck4": the longer name is the more particular one.
  for (std::string_view name = layer; !name.empty();) {
    const auto found = options.layers.find(std::string(name));
    if (found != options.layers.end()) return found->second;
    const auto dot = name.rfind('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
  }
  if (is_first && options.first_layer) return options.first_layer;
  if (is_last && options.last_layer) return options.last_layer;
  if (is_depthwise && options.depthwise) return options.depthwise;
  return options.weights;
}

}  // namespace coco_mcu::training
