// Decides on many pictures: decoding and deciding side by side on all cores, results in order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/preprocessing.h"

namespace coco_mcu::evaluation {

/// Anything that says how likely a picture shows a person. All calls are safe from several threads
/// at a time.
class Decider {
 public:
  Decider() = default;
  Decider(const Decider&) = delete;
  Decider& operator=(const Decider&) = delete;
  virtual ~Decider() = default;

  virtual const core::Preprocessing& preprocessing() const = 0;

  /// For pictures of the input size, RGB bytes height x width x 3, one after the other: the
  /// probability of a person in each.
  virtual std::vector<double> person_probabilities(
      std::span<const std::uint8_t> pictures) const = 0;
};

/// What became of one picture.
struct Decision {
  std::size_t index = 0;  // in the list of files
  double person_probability = 0.0;
  double milliseconds = 0.0;  // to read, decode, resize and decide; shared out over its batch
  std::string error;          // one line, where the picture could not be read; otherwise empty
};

struct DecideOptions {
  int threads = 0;     // 0: one for each core
  int batch_size = 1;  // pictures that a thread hands to the decider at a time
};

/// Calls `done` on the calling thread for each picture in the order of `files`, as soon as it and
/// those before it are decided. An exception of the decider, or of `done`, ends the work.
void decide_files(const Decider& decider, std::span<const std::filesystem::path> files,
                  const DecideOptions& options, const std::function<void(const Decision&)>& done);

}  // namespace coco_mcu::evaluation
