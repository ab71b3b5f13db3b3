#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/embedded_model.h"
#include "cli/model_facts.h"
#include "cli/report_sections.h"
#include "core/weight_format.h"
#include "kernels/kernels.h"
#include "model/serialize.h"
#include "planning/planner.h"
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

PageSection layer_section(const ModelSummary& summary) {
  PageSection section{.title = "Bytes and bits per layer"};
  section.paragraphs = {fmt::format("Bits of a weight: {}.", bits_text(summary))};
  section.tables.push_back({"", format_columns(), format_rows(summary)});
  for (const LayerSummary& each : summary.layers) {
    if (!model::has_weights(each.layer.kind)) continue;
    section.bars.bars.push_back(
        {std::string(each.layer.name),
         std::string(core::format_name(each.layer.format)),
         {{static_cast<double>(each.weight_bytes), thousands(each.weight_bytes) + " B"}}});
  }
  return section;
}

PageSection memory_section(const model::IntegerModel& model) {
  const planning::ParetoFront streamed = planning::search(model, true);
  const planning::ParetoFront held = planning::search(model, false);
  const planning::ParetoFront& front = model.plan.streams_input ? streamed : held;
  const planning::PlannedModel* within = planning::within_budget(front, model.plan.arena_bytes);
  const planning::PlannedModel& drawn = within != nullptr ? *within : front.back();
  PageSection section{.title = "Memory"};
  section.paragraphs = {fmt::format("The model's plan takes {} bytes of RAM, the picture {}.",
                                    thousands(model.plan.arena_bytes),
                                    model.plan.streams_input ? "row by row" : "held")};
  section.paragraphs.push_back(fmt::format(
      "{} {} bytes, {} multiply-accumulates, {}. Every plan decides the same.",
      drawn.plan.arena_bytes == model.plan.arena_bytes ? "Drawn:"
                                                       : "Drawn is what the planner finds:",
      thousands(drawn.plan.arena_bytes), thousands(drawn.macs),
      drawn.recomputed_macs == 0 ? "none of them twice"
                                 : thousands(drawn.recomputed_macs) + " of them a second time"));
  if (streamed.size() == 1 || held.size() == 1) {
    section.paragraphs.emplace_back(
        "A curve that is one point: computing something a second time would not save RAM.");
  }
  for (const std::string& svg : {report::plan_svg(model.network, drawn),
                                 report::front_svg(model.network, {streamed, held})}) {
    section.drawings.push_back(report::paper_drawing(svg));
  }
  return section;
}

/// Sets as the page calls them: the page may be passed on, so nothing of where they lie.
std::vector<NamedPictures> named_sets(const Options& options) {
  std::vector<AnnotatedPictures> sets = read_picture_sets(options.annotations, options.images);
  std::vector<NamedPictures> named;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    named.push_back(
        {std::filesystem::path(options.annotations[i]).stem().string(), std::move(sets[i])});
  }
  return named;
}

void write_report(const Options& options) {
  std::vector<const firmware::Board*> boards;
  for (const std::string& name : options.boards) boards.push_back(&firmware::board_named(name));
  const std::vector<NamedPictures> sets = named_sets(options);
  const model::ModelFile file = open_model(options.file);
  const model::IntegerModel model = model::deserialize(file.bytes());
  const ModelSummary summary = summarize(file.view(), kernels::best_backend());
  report::ModelPage page{
      std::filesystem::path(options.file).stem().string(),
      "Decides whether a picture shows a person, in integers.",
      {{thousands(static_cast<std::int64_t>(file.bytes().size())), "bytes of flash for the model"},
       {thousands(file.view().arena_bytes()), "bytes of RAM for its plan"},
       {thousands(summary.total.macs), "multiply-accumulates"}},
      {}};
  PageSection what{.title = "What it is"};
  what.tables = {
      {"", {}, size_rows(file, summary)},
      {"Recipe and provenance, as the model file records them", {}, provenance_rows(file.view())}};
  page.sections.push_back(std::move(what));
  add_accuracy(page, options.file, options.against, sets);
  page.sections.push_back(layer_section(summary));
  page.sections.push_back(memory_section(model));
  add_boards(page, file, model, boards, sets);
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
                "Count instructions on this board (half a minute), once for each: " +
                    firmware::board_names());
  command.required_text("--out", options->out, "Page to write, an .html file");
  command.example(
      "  coco-mcu report models/person.cmcu --annotations instances_val2017.json --images val2017 "
      "--boards mps2-an386 --out person.html");
  command.action([options] { write_report(*options); });
}

}  // namespace coco_mcu::cli
