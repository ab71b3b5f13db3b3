// Batches for training: shuffled, decoded and augmented by threads ahead of time, the same whatever
// their number.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataset/augmentation.h"
#include "dataset/picture_source.h"
#include "dataset/teacher.h"

namespace coco_mcu::dataset {

struct Batch {
  std::vector<std::uint8_t> pixels;    // pictures x height x width x 3, RGB
  std::vector<float> labels;           // 1 shows the class, 0 does not, NaN not known
  std::vector<float> teacher;          // the teacher's probability, NaN where there is none
  std::vector<std::uint32_t> indices;  // in the source
};

struct LoaderOptions {
  core::Preprocessing preprocessing;
  std::optional<Augmentation> augmentation;
  std::uint64_t seed = 0;
  bool shuffled = true;
  int batch_size = 64;    // of all processes together
  int process = 0;        // takes pictures process * batch_size / processes .. of each batch
  int processes = 1;      // divides batch_size
  bool drop_last = true;  // leave out what does not fill a batch
  int threads = 2;
  int prefetch = 3;  // batches ready at most
  /// Teacher probabilities of weakly positive pictures are raised to this.
  double weak_positive_floor = 0.0;
};

/// What makes one picture of a batch is Random{seed, epoch, index in the source}; the order of an
/// epoch is Random{seed, epoch}.
class Loader {
 public:
  /// `source` and `teacher` (may be null) must outlive it. Throws std::invalid_argument where the
  /// source does not fill one batch.
  Loader(const PictureSource& source, const TeacherProbabilities* teacher,
         const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  std::int64_t batches_per_epoch() const;
  /// Begins an epoch at one of its batches: a run is resumed in the middle.
  void start(std::int64_t epoch, std::int64_t first_batch = 0);
  /// The next batch of the epoch, nothing behind its last. An unreadable picture's error is thrown
  /// here, in the batch's turn.
  std::optional<Batch> next();
  /// Seconds that next() has waited for pictures, over all calls.
  double waited_seconds() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace coco_mcu::dataset
