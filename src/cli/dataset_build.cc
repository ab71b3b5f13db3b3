#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/work_progress.h"
#include "dataset/build.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

constexpr std::size_t kShown = 5;  // of each list; dataset.json has all of it

struct Options {
  std::vector<std::string> images;
  std::vector<std::string> annotations;
  std::vector<std::string> positive;
  std::vector<std::string> negative;
  std::string out;
  std::string class_name = "person";
  double min_area = 0.005;
  std::string area = "box";
  int shards = 10;
  std::string ids;
  std::string exclude_ids;
  bool strict = false;
  bool json = false;
};

std::vector<dataset::BuildSource> sources_of(const Options& options) {
  if (options.images.size() != options.annotations.size()) {
    throw UsageError(fmt::format("--images and --annotations come in pairs: there are {} and {}",
                                 options.images.size(), options.annotations.size()));
  }
  std::vector<dataset::BuildSource> sources;
  for (std::size_t i = 0; i < options.images.size(); ++i) {
    sources.push_back({options.images[i], options.annotations[i]});
  }
  for (const std::string& folder : options.positive) sources.push_back({folder, {}, true});
  for (const std::string& folder : options.negative) sources.push_back({folder, {}, false});
  if (sources.empty()) {
    throw UsageError("give --images and --annotations, or --positive and --negative");
  }
  return sources;
}

dataset::BuildOptions build_options(const Options& options) {
  if (!options.ids.empty() && !options.exclude_ids.empty()) {
    throw UsageError("--ids and --exclude-ids exclude each other");
  }
  if (options.shards < 1 || options.shards > 99'999) {
    throw UsageError("--shards: from 1 to 99999");
  }
  dataset::BuildOptions build;
  build.sources = sources_of(options);
  build.rule = {
      options.class_name, options.min_area,
      options.area == "box" ? dataset::ObjectArea::kBox : dataset::ObjectArea::kSegmentation};
  build.out = options.out;
  build.shards = options.shards;
  build.ids = options.ids;
  build.exclude_ids = options.exclude_ids;
  build.strict = options.strict;
  build.created_by = "coco-mcu " COCO_MCU_VERSION " dataset build";
  return build;
}

void print_list(const Json& built, const std::string& key, const std::string& title) {
  const Json& list = built.at(key);
  if (list.empty()) return;
  fmt::print("{} {}:\n", list.size(), title);
  for (std::size_t i = 0; i < list.size() && i < kShown; ++i) {
    const Json& each = list[i];
    std::string line = each.is_string() ? each.get<std::string>() : each.value("file", "");
    if (each.is_object() && each.contains("reason")) line = each.value("reason", "");
    if (each.is_object() && each.contains("same_as")) line += " = " + each.value("same_as", "");
    fmt::print("  {}\n", line);
  }
  if (list.size() > kShown) fmt::print("  ...\n");
}

void print_text(const Json& built, const std::string& out) {
  const auto number = [&](const char* key) { return built.at(key).get<std::int64_t>(); };
  fmt::print("{}: {} pictures in {} shards, {}\n", out, report::thousands(number("pictures")),
             number("shards"), report::byte_size(number("bytes")));
  fmt::print("{} show the class ({}): {}\n", report::thousands(number("with_class")),
             built.at("rule").value("class", ""), percent(built.at("label_share").get<double>()));
  if (number("ids_not_found") > 0) {
    fmt::print("{} ids are in no annotations\n", report::thousands(number("ids_not_found")));
  }
  print_list(built, "missing", "missing, left out");
  print_list(built, "unreadable", "unreadable, left out");
  print_list(built, "duplicates", "there twice, left out");
  print_list(built, "contradictions", "of these with another label");
  print_list(built, "size_differs", "of another size than annotated, kept");
}

void build(const Options& options) {
  const dataset::BuildOptions build = build_options(options);
  WorkProgress progress;
  const Json built = Json::parse(dataset::build_data_set(build, progress.hears()));
  progress.finish();
  if (options.json) {
    print_json_line(built);
  } else {
    print_text(built, options.out);
  }
}

}  // namespace

void add_dataset_build(CommandLine& program) {
  Command command =
      program.command("dataset", "build", "Build a Visual Wake Words data set as TFRecord shards");
  auto options = std::make_shared<Options>();
  command.texts("--images", options->images,
                "Folder of pictures, one for each --annotations, in their order");
  command.texts("--annotations", options->annotations,
                "COCO instances JSON; several pairs are merged");
  command.texts("--positive", options->positive, "Folder of pictures that all show the class");
  command.texts("--negative", options->negative, "Folder of pictures that none shows the class");
  command.required_text("--out", options->out, "Folder that is made");
  command.text("--class", options->class_name, "Category to look for (default person)");
  command.share("--min-area", options->min_area,
                "A picture shows the class when one object covers more than this share of it "
                "(default 0.005)");
  command.choice("--area", options->area, {"box", "segmentation"},
                 "Area of an object: box (default; crowds count) or segmentation, as TensorFlow's "
                 "data-set builder takes it");
  command.count("--shards", options->shards, "Number of files (default 10)");
  command.text("--ids", options->ids,
               "File of picture ids, one per line: keep these annotated pictures alone");
  command.text("--exclude-ids", options->exclude_ids, "The same: leave these out");
  command.flag("--strict", options->strict,
               "End at the first picture that is missing or unreadable");
  command.flag("--json", options->json, "Print dataset.json as one line");
  command.example(
      "  coco-mcu dataset build --images val2014 --annotations instances_val2014.json "
      "--ids mscoco_minival_ids.txt --out vww/minival\n"
      "The same command goes on where it was interrupted. docs/dataset.md describes the files.");
  command.action([options] { build(*options); });
}

}  // namespace coco_mcu::cli
