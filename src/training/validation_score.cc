#include "training/validation_score.h"

#include <algorithm>
#include <cmath>

namespace coco_mcu::training {
namespace {

constexpr double kLeastProbability = 1e-7;  // whose logarithm is taken, as evaluation does

}  // namespace

ValidationScore score(const std::vector<ValidatedPicture>& pictures) {
  ValidationScore score;
  for (const ValidatedPicture& each : pictures) {
    const double probability = each.probability;
    if ((probability > 0.5) == each.label) ++score.right;
    const double of_truth = each.label ? probability : 1.0 - probability;
    score.loss -= std::log(std::clamp(of_truth, kLeastProbability, 1.0 - kLeastProbability));
  }
  if (!pictures.empty()) score.loss /= static_cast<double>(pictures.size());
  return score;
}

}  // namespace coco_mcu::training
