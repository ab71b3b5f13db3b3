#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/annotated_pictures.h"
#include "cli/commands.h"
#include "cli/embedded_model.h"
#include "cli/model_facts.h"
#include "cli/model_summary.h"
#include "cli/network_options.h"
#include "cli/output.h"
#include "kernels/kernels.h"
#include "model/model_file.h"
#include "report/file.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> annotations;
  std::vector<std::string> images;  // as many
  std::string against;              // model file or checkpoint folder; empty: none
  std::string notes;                // Markdown file; empty: none
  std::string out;
};

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

std::string body(const Rows& rows) {
  std::string text;
  for (const Cells& cells : rows) text += row(cells);
  return text;
}

std::string cost_section(const model::ModelFile& file) {
  const ModelSummary summary = summarize(file.view(), kernels::best_backend());
  return "## Size and work\n\n" + head({"", ""}) + body(size_rows(file, summary)) + "\n" +
         head(format_columns()) + body(format_rows(summary)) +
         fmt::format("\nBits of a weight: {}.\n", bits_text(summary));
}

Cells joined(Cells cells, const Cells& more) {
  cells.insert(cells.end(), more.begin(), more.end());
  return cells;
}

std::string measured_row(const std::string& set, const std::string& network,
                         const evaluation::Metrics& metrics) {
  return row(
      joined(joined({set}, accuracy_cells(network, metrics)), confusion_cells(metrics.confusion)));
}

std::string accuracy_section(const Options& options, const Detector& model,
                             const std::vector<AnnotatedPictures>& sets) {
  const std::optional<Detector> reference = open_reference(options.against);
  std::string rows;
  std::string paired;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const std::string& set = options.annotations[i];
    const Measured measured = measure("card", model, sets[i]);
    rows += measured_row(set, "this model", measured.metrics);
    if (!reference) continue;
    const Measured other = measure("card", *reference, sets[i]);
    rows += measured_row(set, options.against, other.metrics);
    paired += row(joined({set}, paired_cells(measured, other)));
  }
  std::string text = fmt::format("## Accuracy\n\nThis model says \"person\" {} in probability.",
                                 threshold_text(model.threshold));
  if (reference) {
    text += fmt::format(" {}: {}.", options.against, threshold_text(reference->threshold));
  }
  text +=
      "\nIn brackets: 95 % intervals, Wilson's of the share and Hanley and McNeil's of the "
      "AUC.\n\n";
  const Cells columns = joined(joined({"pictures"}, accuracy_columns()), confusion_columns());
  text += head(columns) + rows;
  if (reference) {
    text +=
        fmt::format("\nBoth on the same pictures ({}), McNemar's exact test:\n\n", options.against);
    text += head(joined({"pictures"}, paired_columns())) + paired;
  }
  return text;
}

std::string provenance_section(const model::View& model) {
  return "## Recipe and provenance\n\nAs the model file records them.\n\n" + head({"", ""}) +
         body(provenance_rows(model));
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
  const std::string notes = options.notes.empty() ? "" : "\n" + read_notes(options.notes);
  const std::vector<AnnotatedPictures> sets =
      read_picture_sets(options.annotations, options.images);
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
