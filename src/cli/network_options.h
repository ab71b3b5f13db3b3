// The network that a command decides with, as the command line names it: a float checkpoint, an
// integer model, or, where nothing is named, the model that the program brings along.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/command_line.h"
#include "evaluation/decide.h"
#include "model/view.h"
#include "training/float_network.h"

namespace coco_mcu::cli {

struct NetworkOptions {
  std::string checkpoint{};  // folder
  std::string model{};       // file; empty: see cli/embedded_model.h
  std::string backend{};     // of an integer model

  bool is_model() const { return checkpoint.empty(); }
};

/// Adds --checkpoint, --model and --backend.
void add_network_options(Command& command, NetworkOptions& options);

/// Throws UsageError where both a checkpoint and a model are named, or neither is what its option
/// says.
void check(const NetworkOptions& options);

/// Adds --threshold.
void add_threshold_option(Command& command, std::optional<double>& threshold);

/// From which probability on "person" is said.
struct Threshold {
  double probability = 0.5;
  bool is_inclusive = false;  // whether the very same probability is enough

  /// The same as a number that must lie below the probability.
  double exclusive() const;
};

struct Detector {
  std::unique_ptr<const evaluation::Decider> decider;
  Threshold threshold;
  // Either of the two is what the decider asks.
  const training::FloatNetwork* float_network = nullptr;
  std::optional<model::View> model;
};

/// Opens the network. A float network's threshold is 0.5 and an integer model's its own, unless one
/// is given. Throws UsageError, and std::runtime_error where the network cannot be used.
Detector open_detector(const NetworkOptions& options,
                       std::optional<double> threshold = std::nullopt);

}  // namespace coco_mcu::cli
