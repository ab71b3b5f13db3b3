#include "dataset/build_plan.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "dataset/annotated_examples.h"
#include "dataset/image.h"
#include "dataset/sha256.h"

namespace coco_mcu::dataset {
namespace {

namespace fs = std::filesystem;
using Ids = std::unordered_set<std::int64_t>;

Ids read_ids(const fs::path& path) {
  std::ifstream file(path);
  std::error_code error;
  if (!file || fs::is_directory(path, error)) {
    throw std::runtime_error(fmt::format(
        "{}: cannot be read as a file of ids; check its name and permissions", path.string()));
  }
  Ids ids;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty()) continue;
    std::int64_t id = 0;
    const char* const end = line.data() + line.size();
    const auto [stop, failure] = std::from_chars(line.data(), end, id);
    if (failure != std::errc() || stop != end) {
      throw std::runtime_error(
          fmt::format("{}, line {}: is not the id of a picture; give one whole number per line",
                      path.string(), number));
    }
    ids.insert(id);
  }
  return ids;
}

void add_annotated(const BuildSource& source, std::size_t number, const VisualWakeWords& rule,
                   std::vector<PlannedPicture>& pictures) {
  std::error_code error;
  if (!fs::is_directory(source.images, error)) {
    throw std::runtime_error(
        fmt::format("{}: is not a folder of pictures; give the one that {} "
                    "belongs to",
                    source.images.string(), source.annotations.string()));
  }
  for (Example& example : read_annotated_examples(source.annotations, rule)) {
    fs::path file = source.images / example.file_name;
    pictures.push_back({std::move(example), std::move(file), number});
  }
}

void add_folder(const BuildSource& source, std::size_t number, const VisualWakeWords& rule,
                std::vector<PlannedPicture>& pictures) {
  for (const fs::path& file : list_pictures(source.images)) {
    PlannedPicture& picture = pictures.emplace_back();
    picture.example.file_name = file.filename().string();
    picture.example.label = source.label;
    picture.example.class_name = rule.class_name;
    picture.file = file;
    picture.source = number;
  }
}

/// Leaves the annotated pictures whose ids are wanted. Returns how many ids no picture has.
std::size_t select(const BuildOptions& options, std::vector<PlannedPicture>& pictures) {
  const bool keep = !options.ids.empty();
  if (!keep && options.exclude_ids.empty()) return 0;
  const Ids ids = read_ids(keep ? options.ids : options.exclude_ids);
  Ids found;
  std::erase_if(pictures, [&](const PlannedPicture& picture) {
    if (options.sources[picture.source].annotations.empty()) return false;
    const bool listed = ids.contains(picture.example.id);
    if (listed) found.insert(picture.example.id);
    return listed != keep;
  });
  return ids.size() - found.size();
}

/// Ids are what annotations and pictures are joined by: they differ in the whole data set.
void give_own_ids(const BuildOptions& options, std::vector<PlannedPicture>& pictures) {
  std::int64_t largest = 0;
  for (const PlannedPicture& picture : pictures) {
    largest = std::max(largest, picture.example.id);
  }
  Ids taken;
  for (PlannedPicture& picture : pictures) {
    const bool has_id = !options.sources[picture.source].annotations.empty();
    if (!has_id || !taken.insert(picture.example.id).second) picture.example.id = ++largest;
  }
}

std::string digest_of(const BuildOptions& options, const BuildPlan& plan) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", options.rule.class_name,
                                 options.rule.min_area, static_cast<int>(options.rule.area),
                                 options.shards, plan.ids_not_found, options.created_by);
  for (const BuildSource& source : options.sources) {
    text += fmt::format("{}\n{}\n{}\n", source.images.string(), source.annotations.string(),
                        source.label);
  }
  for (const PlannedPicture& picture : plan.pictures) {
    const Example& example = picture.example;
    text += fmt::format("{} {} {} {} {} {} {}", picture.source, example.id, example.height,
                        example.width, example.label.value_or(false), example.is_weakly_positive,
                        example.file_name);
    for (const ExampleObject& object : example.objects) {
      text += fmt::format(" {} {} {} {} {} {}", object.box.xmin, object.box.ymin, object.box.xmax,
                          object.box.ymax, object.area, object.is_class);
    }
    text += '\n';
  }
  // Characters are the bytes that are hashed.
  return sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

BuildPlan plan_build(const BuildOptions& options) {
  BuildPlan plan;
  for (std::size_t number = 0; number < options.sources.size(); ++number) {
    const BuildSource& source = options.sources[number];
    if (source.annotations.empty()) {
      add_folder(source, number, options.rule, plan.pictures);
    } else {
      add_annotated(source, number, options.rule, plan.pictures);
    }
  }
  plan.ids_not_found = select(options, plan.pictures);
  if (plan.pictures.empty()) {
    throw std::runtime_error(
        fmt::format("{}: no picture is left to build it of; check the annotations and the ids",
                    options.out.string()));
  }
  give_own_ids(options, plan.pictures);
  plan.digest = digest_of(options, plan);
  return plan;
}

}  // namespace coco_mcu::dataset
