// Carries out a model's plan with a back end's kernels in one arena that the caller gives. No heap,
// no exceptions, no state outside the object and its arena: engines are independent of each other.
// Freestanding.
//
// A picture comes row by row, as from a camera's line interrupt:
//
//   engine.begin();
//   for (y = 0; y < height; ++y) engine.push_row(row_of_camera(y));
//   Decision decision = engine.finish();
//
// or as a whole, engine.run(picture). Where the plan streams its input, push_row computes all that
// the rows so far allow, and only the rows in flight are ever in the arena; where it holds the
// input, push_row keeps the row and finish computes. The result is the same.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/layer_rows.h"
#include "kernels/kernels.h"
#include "model/pass_walk.h"
#include "model/view.h"

namespace coco_mcu::engine {

/// The arena begins at a multiple of this many bytes.
constexpr std::size_t kArenaAlignment = kernels::kScratchAlignment;

/// Sees what every layer computes as soon as it is there.
class Observer {
 public:
  /// Rows first .. first + count - 1 of the layer's output, which lie side by side. Rows of a
  /// layer come in order; a layer that the plan computes again begins again at row 0.
  virtual void on_rows(int layer, std::int32_t first, std::int32_t count,
                       const std::uint8_t* rows) = 0;

 protected:
  ~Observer() = default;
};

/// What a run decided.
struct Decision {
  std::int32_t probability = 0;  // of the label that is decided on; 32768 is 1
  bool positive = false;         // whether it reaches the model's threshold
};

/// Bytes of arena that a model needs with a back end: the plan's, and behind it the unpacked
/// weights of the pass that has most of them. With the reference back end it is the plan's.
std::size_t arena_bytes(const model::View& model, const kernels::Backend& backend);

class Engine {
 public:
  /// `arena` has arena_bytes(model, backend) bytes at a multiple of kArenaAlignment, the model has
  /// been verified; both outlive the engine.
  Engine(const model::View& model, const kernels::Backend& backend, std::uint8_t* arena);

  /// Begins a picture; what was begun before is forgotten. `observer` may be null and is used until
  /// finish.
  void begin(Observer* observer = nullptr);

  /// The next row of the picture: width RGB pixels, at row_place() or outside of the arena. The
  /// caller may reuse its memory afterwards.
  void push_row(const std::uint8_t* rgb);

  /// A place in the arena where the caller may write the next row, by DMA for instance, before it
  /// pushes that very place: then no other memory holds it.
  std::uint8_t* row_place() const;

  /// Decides, after every row has been pushed.
  Decision finish();

  /// All of that for a picture in memory: RGB, height x width x 3 bytes.
  Decision run(const std::uint8_t* picture, Observer* observer = nullptr);

  /// After a run: the probability of each label, 32768 is 1.
  const std::uint16_t* probabilities() const;

 private:
  void begin_pass(int pass);
  LayerRows layer_rows(int index) const;
  void run_whole_layer();
  void walk(const std::uint8_t* rgb);
  void run_next(int index, const std::uint8_t* rgb);

  model::View model_;
  const kernels::Backend* backend_;
  std::uint8_t* arena_;
  Observer* observer_ = nullptr;

  int pass_ = 0;
  bool is_whole_ = false;  // whether the pass is one of whole tensors, see is_whole_layer
  std::int32_t rows_pushed_ = 0;
  model::PassWalk walk_;
  std::uint32_t prepared_[model::kMaxPassSteps] = {};  // offsets behind the plan
};

/// Name of the kernel that carries out a layer: for tables and benchmarks.
const char* kernel_name(const model::View& model, const kernels::Backend& backend, int layer);

}  // namespace coco_mcu::engine
