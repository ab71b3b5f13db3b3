#include "dataset/shard_folder.h"

#include <algorithm>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace coco_mcu::dataset {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const fs::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code unreadable;
    if (entry->is_regular_file(unreadable)) names.push_back(entry->path().filename().string());
  }
  if (error) {
    throw std::runtime_error(fmt::format(
        "{}: is no folder of TFRecord shards ({}); give one that `coco-mcu dataset build` has "
        "made, or ANNOTATIONS.json:FOLDER",
        folder.string(), error.message()));
  }
  std::ranges::sort(names);
  return names;
}

/// How many shards a set says that it has, and how many there are.
struct ShardSet {
  int said = 0;
  int found = 0;
};

void check(const std::map<std::string, ShardSet>& sets, const fs::path& folder) {
  if (sets.size() > 1) {
    throw std::runtime_error(fmt::format(
        "{}: holds the shards of several data sets ({}, {}); give each a folder of its own",
        folder.string(), sets.begin()->first, std::next(sets.begin())->first));
  }
  for (const auto& [name, set] : sets) {
    if (set.found == set.said) continue;
    throw std::runtime_error(
        fmt::format("{}: {} of the {} shards of {} are there; copy them all or build them again",
                    folder.string(), set.found, set.said, name));
  }
}

}  // namespace

std::vector<fs::path> list_shards(const fs::path& folder) {
  static const std::regex kOfMany(R"((.+)-(\d{5})-of-(\d{5})(\.tfrecord|\.record)?)");
  static const std::regex kAlone(R"(.+\.(tfrecord|record))");
  std::vector<fs::path> shards;
  std::map<std::string, ShardSet> sets;  // by name and number of shards
  for (const std::string& name : names_in(folder)) {
    std::smatch match;
    if (std::regex_match(name, match, kOfMany)) {
      ShardSet& set =
          sets[fmt::format("{}-of-{}{}", match[1].str(), match[3].str(), match[4].str())];
      set.said = std::stoi(match[3]);
      ++set.found;
    } else if (!std::regex_match(name, kAlone)) {
      continue;
    }
    shards.push_back(folder / name);
  }
  check(sets, folder);
  if (shards.empty()) {
    throw std::runtime_error(fmt::format(
        "{}: holds no TFRecord shards; make some with `coco-mcu dataset build`, or give "
        "ANNOTATIONS.json:FOLDER",
        folder.string()));
  }
  return shards;
}

}  // namespace coco_mcu::dataset
