#include "network/checkpoint_description.h"

#include <cmath>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coco_mcu::network {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "coco-mcu float checkpoint";
constexpr int kVersion = 1;
constexpr int kNewestVersion = 1000;
constexpr int kLargestSide = 1 << 14;  // pixels; far beyond any network here

struct ResizeName {
  core::Resize resize;
  const char* name;
};
constexpr ResizeName kResizeNames[] = {
    {core::Resize::kLegacyBilinear, "legacy_bilinear"},
    {core::Resize::kBilinear, "bilinear"},
};

/// 0.485F as 0.485 rather than 0.48500001430511475; reading it back gives the same float.
Json shortest(std::span<const float, 3> channels) {
  Json list = Json::array();
  for (const float value : channels) {
    list.push_back(std::strtod(fmt::format("{}", value).c_str(), nullptr));
  }
  return list;
}

/// A JSON object being read: every complaint names the file and the key.
class Object {
 public:
  Object(const Json& json, std::string_view file, std::string key)
      : json_(json), file_(file), key_(std::move(key)) {
    if (!json_.is_object()) fail("", "not an object of JSON");
  }

  Object object(const char* key) const { return {at(key), file_, key_ + key + "."}; }
  std::string text(const char* key) const { return text_of(at(key), key); }
  std::int32_t integer(const char* key, int least, int most) const;
  void channels(const char* key, std::span<float, 3> values) const;
  std::vector<std::string> texts(const char* key) const;
  std::map<std::string, std::string> text_map() const;
  [[noreturn]] void fail(std::string_view key, std::string_view reason) const {
    throw std::runtime_error(
        fmt::format("{}: {}{} {}; write it again or mend it by hand", file_, key_, key, reason));
  }

 private:
  const Json& at(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fail(key, "is missing");
    return *found;
  }
  std::string text_of(const Json& value, const char* key) const {
    if (!value.is_string()) fail(key, "is not a string");
    return value.get<std::string>();
  }

  const Json& json_;
  std::string_view file_;
  std::string key_;  // of this object in its file, with a dot behind it
};

std::int32_t Object::integer(const char* key, int least, int most) const {
  const Json& value = at(key);
  const bool fits = value.is_number_integer() && value >= least && value <= most;
  if (!fits) fail(key, fmt::format("is not an integer from {} to {}", least, most));
  return value.get<std::int32_t>();
}

void Object::channels(const char* key, std::span<float, 3> values) const {
  const Json& list = at(key);
  if (!list.is_array() || list.size() != values.size()) fail(key, "is not a list of 3 numbers");
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (!list[c].is_number()) fail(key, "is not a list of 3 numbers");
    const auto number = list[c].get<double>();
    if (!(std::abs(number) <= 1e6)) fail(key, "holds a number out of all range");
    values[c] = static_cast<float>(number);
  }
}

std::vector<std::string> Object::texts(const char* key) const {
  const Json& list = at(key);
  if (!list.is_array()) fail(key, "is not a list");
  std::vector<std::string> texts;
  for (const Json& item : list) texts.push_back(text_of(item, key));
  return texts;
}

std::map<std::string, std::string> Object::text_map() const {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : json_.items()) map[key] = text_of(value, key.c_str());
  return map;
}

core::Preprocessing read_preprocessing(const Object& object) {
  core::Preprocessing preprocessing;
  preprocessing.height = object.integer("height", 1, kLargestSide);
  preprocessing.width = object.integer("width", 1, kLargestSide);
  const std::string resize = object.text("resize");
  const ResizeName* known = nullptr;
  for (const ResizeName& each : kResizeNames) {
    if (resize == each.name) known = &each;
  }
  if (known == nullptr) {
    object.fail("resize", fmt::format("is {}, not legacy_bilinear or bilinear", resize));
  }
  preprocessing.resize = known->resize;
  object.channels("mean", preprocessing.mean);
  object.channels("deviation", preprocessing.deviation);
  for (const float deviation : preprocessing.deviation) {
    if (!(deviation > 0.0F)) object.fail("deviation", "is not positive");
  }
  return preprocessing;
}

Json write_preprocessing(const core::Preprocessing& preprocessing) {
  Json json;
  json["height"] = preprocessing.height;
  json["width"] = preprocessing.width;
  for (const ResizeName& each : kResizeNames) {
    if (each.resize == preprocessing.resize) json["resize"] = each.name;
  }
  json["mean"] = shortest(preprocessing.mean);
  json["deviation"] = shortest(preprocessing.deviation);
  return json;
}

}  // namespace

std::string describe(const Checkpoint& checkpoint) {
  Json json;
  json["format"] = kFormat;
  json["version"] = kVersion;
  json["network"] = checkpoint.network;
  json["preprocessing"] = write_preprocessing(checkpoint.preprocessing);
  json["labels"] = checkpoint.labels;
  json["quantization"] = checkpoint.quantization;
  json["provenance"] = Json::object();
  for (const auto& [key, value] : checkpoint.provenance) json["provenance"][key] = value;
  try {
    return json.dump(2) + "\n";
  } catch (const Json::exception&) {
    throw std::runtime_error(
        "checkpoint: its labels or provenance are not UTF-8; write them in UTF-8");
  }
}

Checkpoint parse_description(std::string_view text, std::string_view file) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    throw std::runtime_error(fmt::format("{}: is not JSON; write it again", file));
  }
  const Object object(json, file, "");
  if (object.text("format") != kFormat) {
    object.fail("format", fmt::format("is not \"{}\"", kFormat));
  }
  if (object.integer("version", 0, kNewestVersion) != kVersion) {
    object.fail("version", fmt::format("is not {}, the one this program reads", kVersion));
  }
  Checkpoint checkpoint;
  checkpoint.network = object.text("network");
  checkpoint.preprocessing = read_preprocessing(object.object("preprocessing"));
  checkpoint.labels = object.texts("labels");
  checkpoint.quantization = object.text("quantization");
  checkpoint.provenance = object.object("provenance").text_map();
  return checkpoint;
}

}  // namespace coco_mcu::network
