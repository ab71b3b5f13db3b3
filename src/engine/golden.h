// The golden vector of a model: what it must compute, on every machine, for an input made by
// formula (docs/arithmetic.md, "Checksums"). Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/engine.h"

namespace coco_mcu::engine {

/// Receives the checksum of each layer's output.
class ChecksumSink {
 public:
  virtual void on_checksum(int layer, std::uint32_t checksum) = 0;

 protected:
  ~ChecksumSink() = default;
};

/// Runs the engine on the golden input. `checksums` is working space, one number for each layer.
/// A layer that the plan computes again is reported again.
Decision run_golden(const model::View& model, Engine& engine, std::uint32_t* checksums,
                    ChecksumSink& sink);

/// What a golden run showed.
struct GoldenResult {
  int first_wrong_layer = -1;  // the first whose checksum is not the model's; -1: all agree
  bool decision_agrees = false;

  bool agrees() const { return first_wrong_layer < 0 && decision_agrees; }
};

/// Runs the golden input and compares with what the model's file says. `checksums` as above.
GoldenResult check_golden(const model::View& model, Engine& engine, std::uint32_t* checksums);

}  // namespace coco_mcu::engine
