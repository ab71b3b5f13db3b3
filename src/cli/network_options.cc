#include "cli/network_options.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "cli/backends.h"
#include "cli/embedded_model.h"
#include "cli/float_decider.h"
#include "cli/integer_decider.h"

namespace coco_mcu::cli {

void add_network_options(Command& command, NetworkOptions& options) {
  command.text("--checkpoint", options.checkpoint, "Folder of a float checkpoint, or else:");
  command.text("--model", options.model,
               "Integer model, a .cmcu file (default: the one built into this program)");
  add_backend_option(command, options.backend);
}

void check(const NetworkOptions& options) {
  if (!options.checkpoint.empty() && !options.model.empty()) {
    throw UsageError(
        "more than one network is named; give either --checkpoint FOLDER or --model FILE.cmcu");
  }
  if (!options.is_model() && !options.backend.empty()) {
    throw UsageError(
        "--backend: chooses the kernels of an integer model; leave it out, or give "
        "--model FILE.cmcu");
  }
  if (options.is_model() && std::filesystem::is_directory(options.model)) {
    throw UsageError(
        fmt::format("--model {}: is a folder; give a .cmcu file, or a checkpoint with --checkpoint",
                    options.model));
  }
  if (!options.is_model() && std::filesystem::is_regular_file(options.checkpoint)) {
    throw UsageError(
        fmt::format("--checkpoint {}: is a file; give a folder, or an integer model with --model",
                    options.checkpoint));
  }
}

void add_threshold_option(Command& command, std::optional<double>& threshold) {
  command.share("--threshold", threshold,
                "Person is said above this probability (default: 0.5; an integer model's own)");
}

double Threshold::exclusive() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return is_inclusive ? std::nextafter(probability, -kInfinity) : probability;
}

Detector open_detector(const NetworkOptions& options, std::optional<double> threshold) {
  check(options);
  Detector detector;
  if (options.is_model()) {
    const std::string name = options.model.empty() ? embedded_model_name() : options.model;
    auto decider = std::make_unique<IntegerDecider>(open_model(options.model), name,
                                                    backend_named(options.backend));
    detector.model = decider->model();
    const double own = static_cast<double>(detector.model->threshold()) / model::kProbabilityOne;
    detector.threshold = {.probability = own, .is_inclusive = true};
    detector.decider = std::move(decider);
  } else {
    auto decider = std::make_unique<FloatDecider>(options.checkpoint);
    detector.float_network = &decider->network();
    detector.decider = std::move(decider);
  }
  if (threshold) detector.threshold = {.probability = *threshold, .is_inclusive = false};
  return detector;
}

}  // namespace coco_mcu::cli
