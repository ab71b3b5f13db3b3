// An integer model as a decider.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "engine/arena.h"
#include "evaluation/decide.h"
#include "kernels/kernels.h"
#include "model/model_file.h"

namespace coco_mcu::cli {

class IntegerDecider final : public evaluation::Decider {
 public:
  /// `name` stands in front of error messages. Throws std::runtime_error where the model decides
  /// about something that is not "person".
  IntegerDecider(model::ModelFile model, const std::string& name, const kernels::Backend& backend);

  const core::Preprocessing& preprocessing() const override { return preprocessing_; }
  std::vector<double> person_probabilities(std::span<const std::uint8_t> pictures) const override;

  model::View model() const { return file_.view(); }

 private:
  engine::Arena borrow_arena() const;
  void give_back(engine::Arena arena) const;

  model::ModelFile file_;
  const kernels::Backend* backend_;
  core::Preprocessing preprocessing_;

  mutable std::mutex mutex_;                        // guards what follows
  mutable std::vector<engine::Arena> idle_arenas_;  // at most as many as threads have been calling
};

}  // namespace coco_mcu::cli
