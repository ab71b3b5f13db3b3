#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/work_progress.h"
#include "dataset/statistics.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

constexpr std::size_t kShown = 5;  // of each list; --json has all of it

struct Options {
  std::string where;
  std::string class_name = "person";
  double min_area = 0.005;
  std::string area = "box";
  bool json = false;
};

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string text_of(const dataset::Spread& spread) {
  return fmt::format("{} to {}, middle {}", spread.smallest, spread.largest, spread.middle);
}

void print_text(const dataset::DataSetStatistics& counted, const Options& options) {
  fmt::print("{}: {} pictures, {}\n", options.where, report::thousands(counted.pictures),
             report::byte_size(counted.bytes));
  fmt::print("labelled      {}, of which {} show the class ({})\n",
             report::thousands(counted.labelled), report::thousands(counted.with_class),
             percent(share(counted.with_class, counted.labelled)));
  if (counted.weakly_positive > 0) {
    fmt::print("weak          {} probably show the class\n",
               report::thousands(counted.weakly_positive));
  }
  fmt::print("short side    {} pixels\n", text_of(counted.short_side));
  fmt::print("long side     {} pixels\n", text_of(counted.long_side));
  fmt::print("objects       {}, of the class {}; per picture {}\n",
             report::thousands(counted.objects), report::thousands(counted.objects_of_class),
             text_of(counted.objects_per_picture));
  fmt::print("duplicates    {}\n", counted.duplicates.size());
  for (std::size_t i = 0; i < std::min(kShown, counted.duplicates.size()); ++i) {
    const auto& each = counted.duplicates[i];
    fmt::print("  {} = {}{}\n", each.file, each.same_as,
               each.other_label ? ", with another label" : "");
  }
  fmt::print("unreadable    {}\n", counted.unreadable.size());
  for (std::size_t i = 0; i < std::min(kShown, counted.unreadable.size()); ++i) {
    fmt::print("  {}\n", counted.unreadable[i]);
  }
}

Json to_json(const dataset::Spread& spread) {
  return {{"min", spread.smallest}, {"median", spread.middle}, {"max", spread.largest}};
}

Json to_json(const dataset::DataSetStatistics& counted, const std::string& hash) {
  Json duplicates = Json::array();
  for (const auto& each : counted.duplicates) {
    duplicates.push_back(
        {{"file", each.file}, {"same_as", each.same_as}, {"other_label", each.other_label}});
  }
  return {{"pictures", counted.pictures},
          {"labelled", counted.labelled},
          {"with_class", counted.with_class},
          {"label_share", share(counted.with_class, counted.labelled)},
          {"weakly_positive", counted.weakly_positive},
          {"bytes", counted.bytes},
          {"short_side", to_json(counted.short_side)},
          {"long_side", to_json(counted.long_side)},
          {"objects", counted.objects},
          {"objects_of_class", counted.objects_of_class},
          {"objects_per_picture", to_json(counted.objects_per_picture)},
          {"duplicates", duplicates},
          {"unreadable", counted.unreadable},
          {"hash", hash}};
}

void stats(const Options& options) {
  const dataset::VisualWakeWords rule = {
      options.class_name, options.min_area,
      options.area == "box" ? dataset::ObjectArea::kBox : dataset::ObjectArea::kSegmentation};
  const auto pictures = dataset::open_pictures(options.where, rule);
  WorkProgress progress;
  const dataset::DataSetStatistics counted =
      dataset::count_pictures(*pictures, /*threads=*/0, progress.hears());
  progress.finish();
  if (options.json) {
    print_json_line(to_json(counted, pictures->hash()));
  } else {
    print_text(counted, options);
  }
  if (!counted.unreadable.empty()) {
    throw std::runtime_error(fmt::format("{} of {} pictures cannot be read, the first: {}",
                                         counted.unreadable.size(), counted.pictures,
                                         counted.unreadable.front()));
  }
}

}  // namespace

void add_dataset_stats(CommandLine& program) {
  Command command = program.command("dataset", "stats",
                                    "Read every picture of a data set and count what it holds");
  auto options = std::make_shared<Options>();
  command.required_text("WHERE", options->where,
                        "Folder of TFRecord shards, or ANNOTATIONS.json:FOLDER");
  command.text("--class", options->class_name,
               "Category to look for in annotations (default person)");
  command.share("--min-area", options->min_area,
                "A picture shows the class when one object covers more than this share of it "
                "(default 0.005)");
  command.choice("--area", options->area, {"box", "segmentation"},
                 "Area of an object: box (default) or segmentation");
  command.flag("--json", options->json,
               "Print one JSON object: pictures, label_share, bytes, duplicates, ...");
  command.example("  coco-mcu dataset stats vww/train");
  command.action([options] { stats(*options); });
}

}  // namespace coco_mcu::cli
