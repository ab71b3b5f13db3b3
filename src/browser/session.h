// What the page does with a model: decide on pictures, say what a decision rests on, and plan anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "browser/place_evidence.h"
#include "core/resize.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "model/integer_model.h"
#include "model/view.h"
#include "planning/planner.h"

namespace coco_mcu::browser {

class Session {
 public:
  /// Why a file cannot be used here, or null.
  static const char* refusal(std::span<const std::uint8_t> file);

  /// `file` is one that refusal() says nothing about, `bytes` its length.
  Session(engine::Arena file, std::size_t bytes);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Decides on a picture of RGBA bytes, height x width x 4; alpha is not looked at.
  engine::Decision decide(const std::uint8_t* rgba, std::int32_t height, std::int32_t width);

  /// Of the last picture.
  PlaceEvidence& evidence() { return evidence_; }

  /// All plans between least memory and least work; searched for at the first call, for seconds.
  const planning::ParetoFront& front();
  planning::LowerBound lower_bound() const;

  /// The file of the model with another plan, as `coco-mcu plan --out` writes it.
  std::vector<std::uint8_t> planned_file(const planning::PlannedModel& planned) const;

  /// A drawing of the plan: SVG.
  std::string memory_map(const planning::PlannedModel& planned) const;

  model::View view() const { return model::View(file_.data()); }
  std::size_t file_bytes() const { return file_bytes_; }

 private:
  engine::Arena file_;  // aligned, which memory of vectors is not in WebAssembly
  std::size_t file_bytes_;
  model::IntegerModel model_;
  core::Preprocessing preprocessing_;
  engine::Arena arena_;
  engine::Engine engine_;
  PlaceEvidence evidence_;
  std::vector<core::Tap> columns_;
  std::vector<std::uint8_t> rgb_;    // the last picture in its own size
  std::vector<std::uint8_t> input_;  // the same in the model's
  std::optional<planning::ParetoFront> front_;
};

}  // namespace coco_mcu::browser
