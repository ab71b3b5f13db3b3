#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/annotated_pictures.h"
#include "cli/commands.h"
#include "cli/embedded_model.h"
#include "cli/model_summary.h"
#include "cli/network_options.h"
#include "cli/output.h"
#include "core/weight_format.h"
#include "evaluation/metrics.h"
#include "model/model_file.h"
#include "report/file.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

using report::thousands;

struct Options {
  std::string file;
  std::vector<std::string> annotations;
  std::vector<std::string> images;  // as many
  std::string against;              // model file or checkpoint folder; empty: none
  std::string notes;                // Markdown file; empty: none
  std::string out;
};

/// One network on one set of pictures.
struct Measured {
  DecidedPictures decided;
  evaluation::Metrics metrics;
};

Measured measure(const Detector& detector, const AnnotatedPictures& pictures) {
  Measured measured;
  measured.decided = decide_all("card", *detector.decider, pictures);
  measured.metrics =
      evaluation::evaluate(measured.decided.predictions, detector.threshold.exclusive());
  return measured;
}

/// A row of a Markdown table; what would end a cell is escaped.
std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) {
    text += ' ';
    for (const char letter : cell) {
      if (letter == '|') text += '\\';
      text += letter == '\n' ? ' ' : letter;
    }
    text += " |";
  }
  return text + "\n";
}

std::string head(const std::vector<std::string>& cells) {
  return row(cells) + row(std::vector<std::string>(cells.size(), "---"));
}

std::string read_notes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream || text.empty()) {
    throw std::runtime_error(
        fmt::format("{}: cannot be read or is empty; give a file of Markdown text", path));
  }
  if (text.back() != '\n') text += '\n';
  return text;
}

std::string cost_section(const model::ModelFile& file) {
  const model::View model = file.view();
  const ModelSummary summary = summarize(model, kernels::best_backend());
  std::map<std::pair<std::string, std::string>, CostSummary> kinds;  // by operation and format
  for (const LayerSummary& each : summary.layers) {
    if (!model::has_weights(each.layer.kind)) continue;
    kinds[{std::string(model::kind_name(each.layer.kind)),
           std::string(core::format_name(each.layer.format))}]
        .add(each);
  }
  std::string text = "## Size and work\n\n" + head({"", ""});
  text += row({"network", std::string(model.network())});
  text += row({"file", thousands(static_cast<std::int64_t>(file.bytes().size())) + " bytes"});
  text += row({"weights", fmt::format("{} in {} bytes", thousands(summary.total.weights),
                                      thousands(summary.total.weight_bytes))});
  text += row({"multiply-accumulates", thousands(summary.total.macs)});
  text += row({"RAM of its plan", thousands(model.arena_bytes()) + " bytes"});
  text += row({"input", fmt::format("{}x{} RGB", model.preprocessing().height,
                                    model.preprocessing().width)});
  text += "\n" + head({"layers", "number", "weight format", "weights", "bytes", "MACs"});
  for (const auto& [kind, sum] : kinds) {
    text += row({kind.first, std::to_string(sum.layers), kind.second, thousands(sum.weights),
                 thousands(sum.weight_bytes), thousands(sum.macs)});
  }
  std::string bits;
  for (const auto& [width, sum] : summary.by_bits) {
    bits += fmt::format("{}{} bits in {} layers", bits.empty() ? "" : ", ", width, sum.layers);
  }
  return text + fmt::format("\nBits of a weight: {}.\n", bits);
}

std::string accuracy_row(const std::string& set, const std::string& network,
                         const evaluation::Metrics& metrics) {
  const evaluation::Confusion& counts = metrics.confusion;
  return row(
      {set, network, std::to_string(counts.total()), std::to_string(counts.correct()),
       fmt::format("{} [{}, {}]", percent(metrics.accuracy), percent(metrics.accuracy_interval.low),
                   percent(metrics.accuracy_interval.high)),
       metrics.area_under_roc ? fmt::format("{:.3f} [{:.3f}, {:.3f}]", *metrics.area_under_roc,
                                            metrics.area_interval->low, metrics.area_interval->high)
                              : "one class is missing",
       fmt::format("{:.3f}", metrics.cross_entropy), std::to_string(counts.true_positives),
       std::to_string(counts.false_negatives), std::to_string(counts.false_positives),
       std::to_string(counts.true_negatives)});
}

std::string paired_row(const std::string& set, const Measured& model, const Measured& reference) {
  const evaluation::PairedTest test =
      evaluation::paired_test(model.decided.predictions, reference.decided.predictions,
                              model.metrics.threshold, reference.metrics.threshold);
  return row({set, std::to_string(test.both_right), std::to_string(test.only_first_right),
              std::to_string(test.only_second_right), std::to_string(test.both_wrong),
              fmt::format("{:.3g}", test.p_value)});
}

std::string threshold_text(const Threshold& threshold) {
  return fmt::format("{} {:.6g}", threshold.is_inclusive ? "from" : "above", threshold.probability);
}

std::optional<Detector> open_reference(const std::string& path) {
  if (path.empty()) return std::nullopt;
  NetworkOptions network;
  (std::filesystem::is_directory(path) ? network.checkpoint : network.model) = path;
  check(network);
  return open_detector(network);
}

std::string accuracy_section(const Options& options, const Detector& model,
                             const std::vector<AnnotatedPictures>& sets) {
  const std::optional<Detector> reference = open_reference(options.against);
  std::string rows;
  std::string paired;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const std::string& set = options.annotations[i];
    const Measured measured = measure(model, sets[i]);
    rows += accuracy_row(set, "this model", measured.metrics);
    if (!reference) continue;
    const Measured other = measure(*reference, sets[i]);
    rows += accuracy_row(set, options.against, other.metrics);
    paired += paired_row(set, measured, other);
  }
  std::string text = fmt::format("## Accuracy\n\nThis model says \"person\" {} in probability.",
                                 threshold_text(model.threshold));
  if (reference) {
    text += fmt::format(" {}: {}.", options.against, threshold_text(reference->threshold));
  }
  text +=
      "\nIn brackets: 95 % intervals, Wilson's of the share and Hanley and McNeil's of the "
      "AUC.\n\n";
  text += head({"pictures", "network", "n", "right", "share", "AUC", "cross entropy",
                "persons found", "persons missed", "false alarms", "rightly none"}) +
          rows;
  if (reference) {
    text +=
        fmt::format("\nBoth on the same pictures ({}), McNemar's exact test:\n\n", options.against);
    text +=
        head({"pictures", "both right", "only this model", "only the other", "both wrong", "p"}) +
        paired;
  }
  return text;
}

std::string provenance_section(const model::View& model) {
  std::string text =
      "## Recipe and provenance\n\nAs the model file records them.\n\n" + head({"", ""});
  for (int i = 0; i < model.provenance_count(); ++i) {
    text += row({std::string(model.provenance(i).key), std::string(model.provenance(i).value)});
  }
  return text;
}

std::string repeat_section(const Options& options) {
  std::string text =
      fmt::format("## To repeat the figures\n\n    coco-mcu inspect {}\n", options.file);
  for (std::size_t i = 0; i < options.annotations.size(); ++i) {
    text += fmt::format("    coco-mcu evaluate --model {} --annotations {} --images {}\n",
                        options.file, options.annotations[i], options.images[i]);
  }
  return text;
}

void card(const Options& options) {
  if (options.annotations.size() != options.images.size()) {
    throw UsageError(fmt::format(
        "--annotations names {} files and --images {} folders; give one folder for each file",
        options.annotations.size(), options.images.size()));
  }
  const std::string notes = options.notes.empty() ? "" : "\n" + read_notes(options.notes);
  std::vector<AnnotatedPictures> sets;
  for (std::size_t i = 0; i < options.annotations.size(); ++i) {
    AnnotationOptions annotation;
    annotation.annotations = options.annotations[i];
    annotation.images = options.images[i];
    sets.push_back(read_annotated_pictures(annotation));
  }
  const model::ModelFile file = open_model(options.file);
  NetworkOptions network;
  network.model = options.file;
  const Detector model = open_detector(network);
  const std::string title = std::filesystem::path(options.out).stem().string();
  report::write_file(options.out,
                     fmt::format("# {}\n\nDecides whether a picture shows a person, "
                                 "in integers.\n\n{}\n{}\n{}\n{}{}",
                                 title, cost_section(file), accuracy_section(options, model, sets),
                                 provenance_section(file.view()), repeat_section(options), notes));
}

}  // namespace

void add_card(CommandLine& program) {
  Command command =
      program.command("card", "Write an integer model's card, every figure of it measured");
  auto options = std::make_shared<Options>();
  command.required_text("MODEL", options->file, "Integer model, a .cmcu file");
  command.required_texts("--annotations", options->annotations, "COCO instances JSON, one or more");
  command.required_texts("--images", options->images,
                         "Folder of the pictures, one for each file of annotations");
  command.text("--against", options->against,
               "Compare with this integer model or float checkpoint on the same pictures");
  command.text("--notes", options->notes,
               "Markdown to end the card with: limits, known failures, licence");
  command.required_text("--out", options->out, "Card to write, a .md file");
  command.example(
      "  coco-mcu card models/person.cmcu --annotations instances_val2017.json --images val2017 "
      "--notes notes.md --out models/person.md");
  command.action([options] { card(*options); });
}

}  // namespace coco_mcu::cli
