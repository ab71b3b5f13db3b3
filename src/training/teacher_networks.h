// Networks whose opinions a training learns from, asked about the very pictures it sees: a patient
// teacher that looks at the same view (Beyer et al. 2022).
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/preprocessing.h"
#include "training/checkpoint_loading.h"

namespace coco_mcu::training {

class TeacherNetworks {
 public:
  /// Adds the network of a float checkpoint. Throws std::runtime_error as read_checkpoint does.
  void add(const std::filesystem::path& folder, const torch::Device& device);

  /// For each of a student's pictures, normalized [pictures, 3, height, width], the probability
  /// whose logit is the mean of the teachers' logits; undefined where there is no teacher. Each
  /// teacher gets the picture at its own size and normalization.
  torch::Tensor probabilities(const torch::Tensor& pictures,
                              const core::Preprocessing& student) const;

 private:
  struct Teacher {
    core::Preprocessing preprocessing;
    std::shared_ptr<NetworkModule> module;
  };
  std::vector<Teacher> teachers_;
};

}  // namespace coco_mcu::training
