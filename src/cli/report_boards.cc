#include <cstdint>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "cli/build_folder.h"
#include "cli/picture_input.h"
#include "cli/report_sections.h"
#include "dataset/image.h"
#include "firmware/emit.h"
#include "firmware/simulate.h"
#include "model/macs.h"
#include "model/serialize.h"
#include "planning/whole_tensor.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

using report::PageSection;
using report::thousands;

/// What one board counted; nothing where it could not be simulated.
struct BoardCount {
  const firmware::Board* board = nullptr;
  std::optional<firmware::Simulation> own;     // with the model's plan
  std::optional<firmware::Simulation> layers;  // one whole layer after the other
  std::string complaint;
};

/// Pixels to count instructions on: the first annotated picture, or else grey.
std::vector<std::uint8_t> counted_picture(const model::View& model,
                                          const std::vector<NamedPictures>& sets) {
  const core::Preprocessing preprocessing = model.preprocessing();
  if (!sets.empty()) {
    const std::filesystem::path& file = sets.front().pictures.files.front();
    return kept_input_of(dataset::prepare(dataset::read_image(file), preprocessing).rgb, model);
  }
  constexpr std::uint8_t kGrey = 128;
  return std::vector<std::uint8_t>(model::tensor_bytes(model.layer(0)), kGrey);
}

firmware::Simulation simulate_on(const model::ModelFile& file, const firmware::Board& board,
                                 const firmware::EmitOptions& emitted,
                                 const std::vector<std::uint8_t>& picture) {
  const BuildFolder folder;
  firmware::emit(file, board, emitted, folder.firmware());
  firmware::build(folder.firmware());
  return firmware::simulate(folder.firmware(), board, file.view(), picture);
}

BoardCount count_on(const firmware::Board& board, const model::ModelFile& file,
                    const model::IntegerModel& model, const std::vector<std::uint8_t>& picture) {
  BoardCount count;
  count.board = &board;
  try {
    count.own = simulate_on(file, board, {}, picture);
    if (file.view().is_layer_by_layer()) {
      count.layers = count.own;
      return count;
    }
    model::IntegerModel layered = model;  // only whole layers have instructions of their own
    layered.plan = planning::plan_whole_tensors(model);
    const model::ModelFile layered_file(model::serialize(layered),
                                        "the model, planned layer by layer");
    firmware::EmitOptions emitted;
    emitted.ram_bytes = board.most_ram_bytes;
    count.layers = simulate_on(layered_file, board, emitted, picture);
  } catch (const std::runtime_error& error) {
    count.complaint = error.what();
  }
  return count;
}

std::vector<std::string> board_row(const BoardCount& count, const model::View& model) {
  const firmware::Simulation& own = *count.own;
  const auto instructions = static_cast<std::int64_t>(own.decisions.at(0).instructions);
  const std::int64_t ram = std::int64_t{own.arena_bytes} + own.stack_bytes + own.static_bytes;
  return {count.board->name,
          count.board->description,
          thousands(instructions),
          fmt::format("{:.2f}",
                      static_cast<double>(instructions) / static_cast<double>(model::macs(model))),
          thousands(ram),
          thousands(own.code_bytes),
          thousands(own.model_bytes)};
}

/// Of every layer the instructions on the boards that counted them.
report::PageBars layer_bars(const std::vector<BoardCount>& counts, const model::View& model) {
  report::PageBars chart;
  for (const BoardCount& count : counts) {
    if (count.layers) chart.series.emplace_back(count.board->name);
  }
  if (chart.series.empty()) return chart;
  for (int i = 0; i < model.operator_count(); ++i) {
    const model::OperatorView layer = model.layer(i);
    const auto macs = static_cast<double>(model::macs(model, i));
    report::PageBar bar{std::string(layer.name), std::string(model::kind_name(layer.kind)), {}};
    for (const BoardCount& count : counts) {
      if (!count.layers) continue;
      const std::uint64_t instructions =
          count.layers->decisions.at(0).layer_instructions.at(static_cast<std::size_t>(i));
      const auto value = static_cast<double>(instructions);
      std::string text = thousands(static_cast<std::int64_t>(instructions));
      if (macs > 0) text += fmt::format(", {:.2f} per MAC", value / macs);
      bar.values.push_back({value, std::move(text)});
    }
    chart.bars.push_back(std::move(bar));
  }
  return chart;
}

}  // namespace

void add_boards(report::ModelPage& page, const model::ModelFile& file,
                const model::IntegerModel& model, const std::vector<const firmware::Board*>& boards,
                const std::vector<NamedPictures>& sets) {
  PageSection section{.title = "On boards"};
  if (boards.empty()) {
    section.paragraphs = {fmt::format("Not counted: no boards were named (--boards). There is: {}.",
                                      firmware::board_names())};
    page.sections.push_back(std::move(section));
    return;
  }
  const std::vector<std::uint8_t> picture = counted_picture(file.view(), sets);
  report::PageTable table{"One decision with the model's own plan, counted in QEMU; bytes",
                          {"board", "processor", "instructions", "per MAC", "RAM, all of it",
                           "flash: code", "flash: model"},
                          {}};
  std::vector<BoardCount> counts;
  for (const firmware::Board* board : boards) {
    counts.push_back(count_on(*board, file, model, picture));
    const BoardCount& count = counts.back();
    if (!count.complaint.empty()) {
      section.paragraphs.push_back(fmt::format("{}: {}: {}", board->name,
                                               count.own ? "layers not counted" : "not counted",
                                               count.complaint));
    }
    if (!count.own) continue;
    table.rows.push_back(board_row(count, file.view()));
    page.figures.push_back(
        {table.rows.back().at(3), fmt::format("instructions per MAC on {}", board->name)});
  }
  if (!table.rows.empty()) section.tables = {std::move(table)};
  section.bars = layer_bars(counts, file.view());
  if (!section.bars.bars.empty()) {
    section.paragraphs.emplace_back("Bars: each layer, planned one whole layer after the other.");
  }
  page.sections.push_back(std::move(section));
}

}  // namespace coco_mcu::cli
