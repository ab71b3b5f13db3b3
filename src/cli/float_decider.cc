#include "cli/float_decider.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::cli {

FloatDecider::FloatDecider(const std::filesystem::path& checkpoint)
    : network_(training::open_float_network(checkpoint)) {
  const auto& labels = network_->description().labels;
  const auto person = std::ranges::find(labels, "person");
  if (person == labels.end()) {
    throw std::runtime_error(
        fmt::format("{}: network {} has no label \"person\", it cannot decide about one",
                    checkpoint.string(), network_->description().name));
  }
  person_ = static_cast<std::size_t>(person - labels.begin());
}

std::vector<double> FloatDecider::person_probabilities(
    std::span<const std::uint8_t> pictures) const {
  const std::size_t labels = network_->description().labels.size();
  const std::vector<float> probabilities = network_->infer(pictures);
  std::vector<double> of_person;
  for (std::size_t i = person_; i < probabilities.size(); i += labels) {
    of_person.push_back(probabilities[i]);
  }
  return of_person;
}

}  // namespace coco_mcu::cli
