// The folder of a run: everything that is known of a training, at any instant good enough to go on
// from. docs/training.md describes its files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network/checkpoint_tensor.h"
#include "training/durable_files.h"
#include "training/event_file.h"

namespace coco_mcu::training {

/// How far a training has come.
struct RunProgress {
  std::int64_t step = 0;  // of the run, that are done
  std::size_t stage = 0;
  std::int64_t stage_step = 0;             // of the stage, that are done
  std::vector<double> epoch_losses;        // of the steps of the epoch that is not complete
  std::optional<std::int64_t> best_right;  // validation pictures, of the best checkpoint
  double best_loss = 0.0;
};

/// All that a training goes on from.
struct RunState {
  RunProgress progress;
  network::Tensors tensors;

  std::vector<std::uint8_t> bytes() const;
  static RunState parse(const std::vector<std::uint8_t>& bytes, std::string_view file);
};

/// What makes a run what it is: written once, compared when it is resumed.
struct RunDescription {
  std::string recipe;       // the text
  std::string recipe_hash;  // of it
  std::string data_hash;
  std::string validation_hash;
  std::uint64_t seed = 0;
  std::string network;
  std::string initial_checkpoint;
  std::string device;
  int threads = 0;
  int processes = 1;
  std::map<std::string, std::string> libraries;  // names and versions
};

class RunFolder {
 public:
  /// Makes the folder of a new run, complete or not at all. Throws std::runtime_error where it
  /// exists already.
  static void create(const std::filesystem::path& path, const RunDescription& description);

  /// Opens one that exists, mends what a killed process left behind and cuts metrics and events
  /// back to its newest state. Throws std::runtime_error where the folder is no run or belongs to
  /// another recipe or other data; `warnings` gets a line for each difference that may change the
  /// last bits of the result.
  RunFolder(std::filesystem::path path, const RunDescription& description,
            std::vector<std::string>& warnings);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path last() const { return path_ / "last"; }
  std::filesystem::path best() const { return path_ / "best"; }

  /// The newest state, as bytes; nothing where the run has not come to one.
  const std::optional<std::vector<std::uint8_t>>& state() const { return state_; }
  /// The step of the newest state; 0 where there is none.
  std::int64_t saved_step() const { return saved_step_; }
  /// Brings metrics and events to the disk, then writes the state and removes older ones.
  void save(const RunState& state);

  /// A line of metrics.jsonl.
  void metrics(const std::string& json_object) { metrics_->append(json_object + "\n"); }
  /// Scalars for TensorBoard.
  void scalars(std::int64_t step, const std::vector<Scalar>& scalars);

 private:
  void mend();
  void find_state();

  std::filesystem::path path_;
  std::optional<std::vector<std::uint8_t>> state_;
  std::int64_t saved_step_ = 0;
  std::unique_ptr<AppendedFile> metrics_;
  std::unique_ptr<AppendedFile> events_;
};

}  // namespace coco_mcu::training
