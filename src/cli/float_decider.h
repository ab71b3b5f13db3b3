// A float checkpoint as a decider.
#pragma once

#include <filesystem>
#include <memory>

#include "evaluation/decide.h"
#include "training/float_network.h"

namespace coco_mcu::cli {

class FloatDecider final : public evaluation::Decider {
 public:
  /// Throws std::runtime_error where the folder is no checkpoint or has no label "person".
  explicit FloatDecider(const std::filesystem::path& checkpoint);

  const core::Preprocessing& preprocessing() const override { return network_->preprocessing(); }
  std::vector<double> person_probabilities(std::span<const std::uint8_t> pictures) const override;

  const training::FloatNetwork& network() const { return *network_; }

 private:
  std::unique_ptr<training::FloatNetwork> network_;
  std::size_t person_ = 0;  // index of the label
};

}  // namespace coco_mcu::cli
