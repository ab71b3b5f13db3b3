#include "dataset/teacher.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coco_mcu::dataset {
namespace {

using Json = nlohmann::json;

std::string names_of(const Json& teachers) {
  std::string names;
  for (const auto& [name, probability] : teachers.items()) {
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "none" : names;
}

double probability_of(const Json& entry, std::string_view file, const std::string& picture,
                      const std::string& name) {
  const Json* value = &entry;
  if (entry.is_object()) {
    const auto found = entry.find(name);
    if (found == entry.end()) {
      throw std::runtime_error(
          fmt::format("{}: images.{}: has no teacher `{}`; choose one of those it has: {}", file,
                      picture, name, names_of(entry)));
    }
    value = &*found;
  }
  const double probability = value->is_number() ? value->get<double>() : -1.0;
  if (!(probability >= 0.0 && probability <= 1.0)) {
    throw std::runtime_error(fmt::format(
        "{}: images.{}: is not a probability; give a number from 0 to 1", file, picture));
  }
  return probability;
}

Json parse(std::string_view text, std::string_view file) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw std::runtime_error(fmt::format(
        "{}: is not JSON: it cannot be read beyond byte {}; write it again", file, error.byte));
  } catch (const Json::out_of_range&) {
    throw std::runtime_error(fmt::format(
        "{}: holds a number that is none of 64 bits; probabilities are from 0 to 1", file));
  }
}

}  // namespace

void TeacherProbabilities::add_text(std::string_view text, std::string_view file,
                                    const std::string& name) {
  const Json root = parse(text, file);
  const auto images = root.is_object() ? root.find("images") : root.end();
  if (!root.is_object() || images == root.end() || !images->is_object()) {
    throw std::runtime_error(
        fmt::format("{}: is no file of teacher probabilities: the object `images` is missing; it "
                    "looks like {{\"images\": {{\"FILE\": {{\"{}\": 0.9}}}}}}",
                    file, name));
  }
  std::map<std::string, double, std::less<>> added;
  for (const auto& [picture, entry] : images->items()) {
    added[picture] = probability_of(entry, file, picture, name);
  }
  added.merge(probabilities_);
  probabilities_ = std::move(added);
}

void TeacherProbabilities::add(const std::filesystem::path& file, const std::string& name) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code error;
  if (!stream || std::filesystem::is_directory(file, error)) {
    throw std::runtime_error(
        fmt::format("{}: cannot be read as a file of teacher probabilities; check its name and "
                    "permissions",
                    file.string()));
  }
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  add_text(text, file.string(), name);
}

std::optional<double> TeacherProbabilities::of(std::string_view file_name) const {
  const auto found = probabilities_.find(file_name);
  if (found == probabilities_.end()) return std::nullopt;
  return found->second;
}

}  // namespace coco_mcu::dataset
