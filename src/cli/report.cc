#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/build_folder.h"
#include "cli/commands.h"
#include "cli/embedded_model.h"
#include "cli/model_facts.h"
#include "core/weight_format.h"
#include "dataset/image.h"
#include "firmware/emit.h"
#include "firmware/simulate.h"
#include "kernels/kernels.h"
#include "model/serialize.h"
#include "planning/planner.h"
#include "planning/whole_tensor.h"
#include "report/file.h"
#include "report/model_page.h"
#include "report/plan_drawings.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

using report::PageSection;
using report::thousands;

struct Options {
  std::string file;
  std::vector<std::string> annotations;
  std::vector<std::string> images;  // as many
  std::string against;              // model file or checkpoint folder; empty: none
  std::vector<std::string> boards;
  std::string out;
};

report::RocCurve roc_of(const std::string& name, const Measured& measured) {
  report::RocCurve curve{name, {}};
  for (const evaluation::RocPoint& point : evaluation::roc_curve(measured.decided.predictions)) {
    curve.points.push_back({point.false_positive_rate, point.true_positive_rate});
  }
  return curve;
}

/// The picture, its short side about as large as the page shows it.
std::vector<std::uint8_t> thumbnail(const std::filesystem::path& file) {
  constexpr int kSide = 180;  // pixels
  constexpr int kQuality = 80;
  const dataset::Image image = dataset::read_image(file);
  const double scale =
      std::min(1.0, static_cast<double>(kSide) / std::min(image.height, image.width));
  const auto side = [scale](int pixels) { return std::max(1, static_cast<int>(scale * pixels)); };
  return dataset::encode_jpeg(
      dataset::prepare(image, {.height = side(image.height), .width = side(image.width)}),
      kQuality);
}

std::vector<report::PagePicture> mistakes(const Measured& measured, const std::string& folder) {
  constexpr std::size_t kShown = 12;
  std::vector<report::PagePicture> pictures;
  for (const evaluation::Prediction& each : evaluation::worst_mistakes(
           measured.decided.predictions, measured.metrics.threshold, kShown)) {
    pictures.push_back(
        {thumbnail(std::filesystem::path(folder) / each.name), each.name,
         fmt::format("{}: probability of a person {:.4f}",
                     each.person ? "person missed" : "false alarm", each.person_probability)});
  }
  return pictures;
}

void add_accuracy(report::ModelPage& page, const Options& options,
                  const std::vector<AnnotatedPictures>& sets) {
  if (sets.empty()) {
    page.sections.push_back(
        {.title = "Accuracy",
         .paragraphs = {"Not measured: no annotated pictures were given (--annotations, "
                        "--images)."}});
    return;
  }
  NetworkOptions network;
  network.model = options.file;
  const Detector model = open_detector(network);
  const std::optional<Detector> reference = open_reference(options.against);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const std::string& set = options.annotations[i];
    const Measured measured = measure("report", model, sets[i]);
    PageSection section{.title = "Accuracy: " + set};
    section.paragraphs = {
        fmt::format("This model says \"person\" {} in probability.",
                    threshold_text(model.threshold)),
        "In brackets: 95 % intervals, Wilson's of the share and Hanley and McNeil's of the AUC."};
    report::PageTable table{
        "", accuracy_columns(), {accuracy_cells(set, "this model", measured.metrics)}};
    std::vector<report::RocCurve> curves = {roc_of("this model", measured)};
    std::optional<report::PageTable> paired;
    if (reference) {
      const Measured other = measure("report", *reference, sets[i]);
      table.rows.push_back(accuracy_cells(set, options.against, other.metrics));
      curves.push_back(roc_of(options.against, other));
      paired = {"McNemar's exact test", paired_columns(), {paired_cells(set, measured, other)}};
    }
    section.tables.push_back(std::move(table));
    if (paired) section.tables.push_back(*std::move(paired));
    if (measured.metrics.area_under_roc) section.drawings = {report::roc_svg(curves)};
    page.sections.push_back(std::move(section));
    PageSection worst{.title = "Worst mistakes: " + set};
    worst.pictures = mistakes(measured, options.images[i]);
    if (worst.pictures.empty()) worst.paragraphs = {"None: every picture was decided rightly."};
    page.sections.push_back(std::move(worst));
  }
}

PageSection layer_section(const ModelSummary& summary) {
  PageSection section{.title = "Bytes and bits per layer"};
  section.paragraphs = {fmt::format("Bits of a weight: {}.", bits_text(summary))};
  section.tables.push_back({"", format_columns(), format_rows(summary)});
  for (const LayerSummary& each : summary.layers) {
    if (!model::has_weights(each.layer.kind)) continue;
    section.bars.push_back({each.layer.name, std::string(core::format_name(each.layer.format)),
                            static_cast<double>(each.weight_bytes),
                            thousands(each.weight_bytes) + " B"});
  }
  return section;
}

PageSection memory_section(const model::IntegerModel& model) {
  const planning::ParetoFront front = planning::search(model, model.plan.streams_input);
  const planning::PlannedModel* within = planning::within_budget(front, model.plan.arena_bytes);
  const planning::PlannedModel& drawn = within != nullptr ? *within : front.back();
  PageSection section{.title = "Memory"};
  section.paragraphs = {fmt::format(
      "The model's plan takes {} bytes of RAM, the picture {}. Drawn is what the "
      "planner finds: {} bytes, {} multiply-accumulates, {} of them a second time.",
      thousands(model.plan.arena_bytes), model.plan.streams_input ? "row by row" : "held",
      thousands(drawn.plan.arena_bytes), thousands(drawn.macs), thousands(drawn.recomputed_macs))};
  for (const std::string& svg :
       {report::plan_svg(model.network, drawn), report::front_svg(model.network, front)}) {
    section.drawings.push_back("<div class=\"drawing\">" + svg + "</div>\n");
  }
  return section;
}

/// Pixels to count instructions on: the first annotated picture, or else grey.
std::vector<std::uint8_t> counted_picture(const model::View& model,
                                          const std::vector<AnnotatedPictures>& sets) {
  const core::Preprocessing preprocessing = model.preprocessing();
  if (!sets.empty()) {
    return dataset::prepare(dataset::read_image(sets.front().files.front()), preprocessing).rgb;
  }
  constexpr std::uint8_t kGrey = 128;
  return std::vector<std::uint8_t>(std::size_t{3} * static_cast<std::size_t>(preprocessing.height) *
                                       static_cast<std::size_t>(preprocessing.width),
                                   kGrey);
}

firmware::Simulation simulate_on(const model::ModelFile& file, const firmware::Board& board,
                                 const firmware::EmitOptions& emitted,
                                 const std::vector<std::uint8_t>& picture) {
  const BuildFolder folder;
  firmware::emit(file, board, emitted, folder.firmware());
  firmware::build(folder.firmware());
  return firmware::simulate(folder.firmware(), board, file.view(), picture);
}

std::vector<report::PageBar> instruction_bars(const model::IntegerModel& model,
                                              const firmware::Board& board,
                                              const std::vector<std::uint8_t>& picture) {
  model::IntegerModel layered = model;  // only whole layers have instructions of their own
  layered.plan = planning::plan_whole_tensors(model);
  const model::ModelFile file(model::serialize(layered), "the model, planned layer by layer");
  firmware::EmitOptions emitted;
  emitted.ram_bytes = board.most_ram_bytes;
  const firmware::Simulation simulation = simulate_on(file, board, emitted, picture);
  std::vector<report::PageBar> bars;
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const std::uint64_t count = simulation.decisions.at(0).layer_instructions.at(i);
    bars.push_back({model.operators[i].name, std::string(model::kind_name(model.operators[i].kind)),
                    static_cast<double>(count), thousands(static_cast<std::int64_t>(count))});
  }
  return bars;
}

PageSection board_section(const model::ModelFile& file, const model::IntegerModel& model,
                          const firmware::Board& board, const std::vector<std::uint8_t>& picture) {
  PageSection section{.title = fmt::format("Instructions on {}", board.name)};
  try {
    const firmware::Simulation own = simulate_on(file, board, {}, picture);
    const auto count = static_cast<std::int64_t>(own.decisions.at(0).instructions);
    const std::int64_t ram = std::int64_t{own.arena_bytes} + own.stack_bytes + own.static_bytes;
    section.paragraphs = {board.description};
    section.tables.push_back(
        {"One decision with the model's own plan, counted in QEMU",
         {},
         {{"instructions", thousands(count)},
          {"instructions per MAC",
           fmt::format("{:.2f}",
                       static_cast<double>(count) / static_cast<double>(planning::macs_of(model)))},
          {"RAM", thousands(ram) + " bytes"},
          {"flash: code", thousands(own.code_bytes) + " bytes"},
          {"flash: model", thousands(own.model_bytes) + " bytes"}}});
    section.bars = instruction_bars(model, board, picture);
    section.paragraphs.emplace_back("Bars: each layer, planned one whole layer after the other.");
  } catch (const std::runtime_error& error) {
    section.paragraphs.push_back(fmt::format("Not complete: {}", error.what()));
  }
  return section;
}

PageSection peer_section() {
  PageSection section{.title = "Other people's detectors"};
  section.paragraphs = {
      "Stored figures, from docs/planner.md: what TensorFlow Lite Micro's interpreter asks for, "
      "its "
      "own tables included, beside the least RAM that our planner finds for the same network. They "
      "are other networks with smaller pictures; they say nothing about accuracy."};
  section.tables.push_back({"",
                            {"network", "MACs", "RAM of TensorFlow Lite Micro", "planned here"},
                            {{"person_detect (MobileNetV1 0.25, 96x96x1)", "7,157,888",
                              "85,024 bytes (host), 82,308 (Cortex-M4)", "12,992 bytes"},
                             {"vww_96_int8 (MobileNetV1 0.25, 96x96x3)", "7,489,664",
                              "103,392 bytes (host)", "13,568 bytes"}}});
  return section;
}

void write_report(const Options& options) {
  std::vector<const firmware::Board*> boards;
  for (const std::string& name : options.boards) boards.push_back(&firmware::board_named(name));
  const std::vector<AnnotatedPictures> sets =
      read_picture_sets(options.annotations, options.images);
  const model::ModelFile file = open_model(options.file);
  const model::IntegerModel model = model::deserialize(file.bytes());
  const ModelSummary summary = summarize(file.view(), kernels::best_backend());
  report::ModelPage page{std::filesystem::path(options.file).stem().string(),
                         "Decides whether a picture shows a person, in integers.",
                         {}};
  PageSection what{.title = "What it is"};
  what.tables = {
      {"", {}, size_rows(file, summary)},
      {"Recipe and provenance, as the model file records them", {}, provenance_rows(file.view())}};
  page.sections.push_back(std::move(what));
  add_accuracy(page, options, sets);
  page.sections.push_back(layer_section(summary));
  page.sections.push_back(memory_section(model));
  const std::vector<std::uint8_t> picture = counted_picture(file.view(), sets);
  for (const firmware::Board* board : boards) {
    page.sections.push_back(board_section(file, model, *board, picture));
  }
  page.sections.push_back(peer_section());
  report::write_file(options.out, report::model_page_html(page));
}

}  // namespace

void add_report(CommandLine& program) {
  Command command = program.command(
      "report", "Write one page of HTML about an integer model: figures, drawings, mistakes");
  auto options = std::make_shared<Options>();
  command.required_text("MODEL", options->file, "Integer model, a .cmcu file");
  command.texts("--annotations", options->annotations, "COCO instances JSON, one or more");
  command.texts("--images", options->images,
                "Folder of the pictures, one for each file of annotations");
  command.text("--against", options->against,
               "Compare with this integer model or float checkpoint on the same pictures");
  command.texts("--boards", options->boards,
                "Count instructions on these boards (slow): " + firmware::board_names());
  command.required_text("--out", options->out, "Page to write, an .html file");
  command.example(
      "  coco-mcu report models/person.cmcu --annotations instances_val2017.json --images val2017 "
      "--boards mps2-an386 --out person.html");
  command.action([options] { write_report(*options); });
}

}  // namespace coco_mcu::cli
