#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/network_options.h"
#include "cli/output.h"
#include "dataset/image.h"
#include "evaluation/metrics.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  NetworkOptions network;
  std::optional<double> threshold;
  bool json = false;
  std::string explain;
  std::vector<std::string> paths;
};

void print_decision(const std::string& file, const evaluation::Decision& decision,
                    const Threshold& threshold, bool json) {
  const bool person =
      evaluation::decides_person(decision.person_probability, threshold.exclusive());
  const char* label = person ? "person" : "no person";
  if (json) {
    print_json_line({{"file", file},
                     {"person", decision.person_probability},
                     {"label", label},
                     {"milliseconds", decision.milliseconds}});
  } else {
    print_line(fmt::format("{:<9}  {:.4f}  {}", label, decision.person_probability, file));
  }
}

void detect(const Options& options) {
  check(options.network);
  if (options.network.is_model() && !options.explain.empty()) {
    throw UsageError(
        "--explain: needs gradients, which an integer model does not have; give the float network "
        "with --checkpoint");
  }
  std::vector<std::filesystem::path> files;
  for (const std::string& path : options.paths) {
    const auto found = dataset::list_pictures(path);
    files.insert(files.end(), found.begin(), found.end());
  }
  if (!options.explain.empty() && files.size() != 1) {
    throw std::runtime_error(fmt::format(
        "--explain draws one picture, but {} were named; call detect for each", files.size()));
  }
  const Detector detector = open_detector(options.network, options.threshold);
  std::size_t unreadable = 0;
  evaluation::decide_files(*detector.decider, files, {}, [&](const evaluation::Decision& decision) {
    if (decision.error.empty()) {
      print_decision(files[decision.index].string(), decision, detector.threshold, options.json);
    } else {
      fmt::print(stderr, "coco-mcu: {}\n", decision.error);
      ++unreadable;
    }
  });
  if (unreadable > 0) {
    throw std::runtime_error(
        fmt::format("{} of {} pictures could not be read", unreadable, files.size()));
  }
  if (!options.explain.empty()) {
    explain_picture(*detector.float_network, files[0], options.explain);
  }
}

}  // namespace

void add_detect(CommandLine& program) {
  Command command = program.command("detect", "Say for each picture whether it shows a person");
  auto options = std::make_shared<Options>();
  add_network_options(command, options->network);
  add_threshold_option(command, options->threshold);
  command.flag("--json", options->json,
               "Print one JSON object per picture: file, person, label, milliseconds");
  command.text("--explain", options->explain,
               "Draw over the one picture what the decision rests on, into this PNG file (float "
               "checkpoints)");
  command.required_texts("FILE", options->paths, "JPEG or PNG files, or folders of them");
  command.example("  coco-mcu detect photo.jpg holiday/");
  command.action([options] { detect(*options); });
}

}  // namespace coco_mcu::cli
