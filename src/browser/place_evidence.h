// Where in the picture a decision comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/arena.h"
#include "engine/engine.h"
#include "model/view.h"

namespace coco_mcu::browser {

/// Observes decisions and asks the layers from the last average on, the head, about each place by
/// itself: what is the probability where the whole feature map looks as this place does? The head's
/// own arithmetic answers, so a map of one vector gives the decision itself.
class PlaceEvidence final : public engine::Observer {
 public:
  /// The model outlives this.
  PlaceEvidence(const model::View& model, const kernels::Backend& backend);

  /// Of the feature map in front of the head. 0 rows: the model has no such head, and there is no
  /// evidence.
  std::int32_t rows() const { return rows_; }
  std::int32_t columns() const { return columns_; }

  void on_rows(int layer, std::int32_t first, std::int32_t count,
               const std::uint8_t* rows) override;

  /// What the head says of a feature map: 32768 is 1.
  std::int32_t probability(const std::vector<std::uint8_t>& map);

  /// The feature map of the last picture.
  const std::vector<std::uint8_t>& map() const { return map_; }

  /// Of each place of it, row after row: 32768 is 1.
  std::vector<std::int32_t> probabilities();

 private:
  bool find_head();
  void reserve();
  void run(int layer);
  std::uint8_t* output(int layer);

  model::View model_;
  const kernels::Backend* backend_;
  int average_ = 0;  // the head's first layer
  std::int32_t rows_ = 0;
  std::int32_t columns_ = 0;
  std::vector<std::uint8_t> map_;
  std::vector<std::uint8_t> place_map_;  // the same place everywhere
  std::vector<engine::Arena> outputs_;   // of the head's layers
  engine::Arena scratch_;
  engine::Arena prepared_;
};

}  // namespace coco_mcu::browser
