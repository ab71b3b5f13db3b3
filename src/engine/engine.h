// Carries out a model's plan with a back end's kernels in one arena that the caller gives. No heap,
// no exceptions, no state outside the object and its arena: engines are independent of each other.
// Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"
#include "model/view.h"

namespace coco_mcu::engine {

/// The arena begins at a multiple of this many bytes.
constexpr std::size_t kArenaAlignment = kernels::kScratchAlignment;

/// Sees every layer's output as soon as it is there.
class Observer {
 public:
  virtual void on_tensor(int layer, const std::uint8_t* tensor, std::size_t bytes) = 0;

 protected:
  ~Observer() = default;
};

/// What a run decided.
struct Decision {
  std::int32_t probability = 0;  // of the label that is decided on; 32768 is 1
  bool positive = false;         // whether it reaches the model's threshold
};

/// Bytes of arena that a model needs with a back end: the plan's, and behind it what the back end's
/// unpacked weights take beyond the plan's scratch. With the reference back end it is the plan's.
std::size_t arena_bytes(const model::View& model, const kernels::Backend& backend);

class Engine {
 public:
  /// `arena` has arena_bytes(model, backend) bytes at a multiple of kArenaAlignment, the model has
  /// been verified; both outlive the engine.
  Engine(const model::View& model, const kernels::Backend& backend, std::uint8_t* arena);

  /// Where the caller writes the picture before each run: RGB, height x width x 3 bytes.
  std::uint8_t* picture() const { return tensor(0); }

  /// Decides on that picture; afterwards picture() is undefined.
  Decision run(Observer* observer = nullptr) const;

  /// After a run: the probability of each label, 32768 is 1.
  const std::uint16_t* probabilities() const;

 private:
  std::uint8_t* tensor(int layer) const { return arena_ + model_.tensor_offset(layer); }

  model::View model_;
  const kernels::Backend* backend_;
  std::uint8_t* arena_;
};

/// Name of the kernel that carries out a layer: for tables and benchmarks.
const char* kernel_name(const model::View& model, const kernels::Backend& backend, int layer);

}  // namespace coco_mcu::engine
