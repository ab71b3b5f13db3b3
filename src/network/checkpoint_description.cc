#include "network/checkpoint_description.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <span>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "network/tf_contrib_2019.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "coco-mcu float checkpoint";
constexpr int kVersion = 2;
constexpr int kLargestSide = 1 << 14;  // pixels; far beyond any network here

constexpr int kMostBits = 8;

/// A value and how the file spells it.
template <typename Value>
struct Name {
  Value value;
  std::string_view name;
};
constexpr Name<core::Resize> kResizeNames[] = {
    {core::Resize::kLegacyBilinear, "legacy_bilinear"},
    {core::Resize::kBilinear, "bilinear"},
};
constexpr Name<QuantizedTensor> kTensorNames[] = {
    {QuantizedTensor::kWeight, "weight"},
    {QuantizedTensor::kOutput, "output"},
};
constexpr Name<QuantizerKind> kKindNames[] = {
    {QuantizerKind::kLearnedStep, "learned-step"},
    {QuantizerKind::kLearnedRange, "learned-range"},
    {QuantizerKind::kFixedRange, "fixed-range"},
    {QuantizerKind::kTrackedRange, "tracked-range"},
};
constexpr Name<core::WeightFormat> kFormatNames[] = {
    {core::WeightFormat::kTernary2, core::format_name(core::WeightFormat::kTernary2)},
    {core::WeightFormat::kFourLevel2, core::format_name(core::WeightFormat::kFourLevel2)},
    {core::WeightFormat::kSigned4, core::format_name(core::WeightFormat::kSigned4)},
    {core::WeightFormat::kSigned8, core::format_name(core::WeightFormat::kSigned8)},
};

template <typename Value, std::size_t kCount>
std::string_view name_of(Value value, const Name<Value> (&names)[kCount]) {
  return std::ranges::find(names, value, &Name<Value>::value)->name;
}

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
  bool flag(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  std::vector<Object> objects(const char* key) const;
  template <typename Value, std::size_t kCount>
  Value one_of(const char* key, const Name<Value> (&names)[kCount]) const;
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

bool Object::flag(const char* key) const {
  const Json& value = at(key);
  if (!value.is_boolean()) fail(key, "is neither true nor false");
  return value.get<bool>();
}

std::vector<Object> Object::objects(const char* key) const {
  const Json& list = at(key);
  if (!list.is_array()) fail(key, "is not a list");
  std::vector<Object> objects;
  for (const Json& item : list) {
    objects.emplace_back(item, file_, fmt::format("{}{}[{}].", key_, key, objects.size()));
  }
  return objects;
}

template <typename Value, std::size_t kCount>
Value Object::one_of(const char* key, const Name<Value> (&names)[kCount]) const {
  const std::string text = this->text(key);
  const auto* const known = std::ranges::find(names, text, &Name<Value>::name);
  if (known != std::end(names)) return known->value;
  std::string list;
  for (const Name<Value>& each : names) {
    list += fmt::format("{}{}", list.empty() ? "" : " or ", each.name);
  }
  fail(key, fmt::format("is {}, not {}", text, list));
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
  preprocessing.resize = object.one_of("resize", kResizeNames);
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
  json["resize"] = name_of(preprocessing.resize, kResizeNames);
  json["mean"] = shortest(preprocessing.mean);
  json["deviation"] = shortest(preprocessing.deviation);
  return json;
}

Quantizer read_quantizer(const Object& object) {
  Quantizer quantizer;
  quantizer.node = object.text("node");
  quantizer.tensor = object.one_of("tensor", kTensorNames);
  quantizer.kind = object.one_of("kind", kKindNames);
  const bool is_weight = quantizer.tensor == QuantizedTensor::kWeight;
  if (quantizer.kind == QuantizerKind::kTrackedRange) {
    quantizer.bits = object.integer("bits", 2, kMostBits);
    quantizer.narrow_range = object.flag("narrow_range");
  } else if ((quantizer.kind == QuantizerKind::kLearnedStep) != is_weight) {
    object.fail("kind", "does not go with its tensor: weights learn steps, outputs have ranges");
  } else if (is_weight) {
    quantizer.format = object.one_of("format", kFormatNames);
  }
  return quantizer;
}

Json write_quantizer(const Quantizer& quantizer) {
  Json json;
  json["node"] = quantizer.node;
  json["tensor"] = name_of(quantizer.tensor, kTensorNames);
  json["kind"] = name_of(quantizer.kind, kKindNames);
  if (quantizer.kind == QuantizerKind::kLearnedStep) {
    json["format"] = name_of(quantizer.format, kFormatNames);
  } else if (quantizer.kind == QuantizerKind::kTrackedRange) {
    json["bits"] = quantizer.bits;
    json["narrow_range"] = quantizer.narrow_range;
  }
  return json;
}

Quantizers read_quantizers(const Object& description) {
  Quantizers quantizers;
  for (const Object& object : description.objects("quantizers")) {
    Quantizer quantizer = read_quantizer(object);
    if (find_quantizer(quantizers, quantizer.node, quantizer.tensor) != nullptr) {
      object.fail("node", fmt::format("is {}, which has such a quantizer already", quantizer.node));
    }
    quantizers.push_back(std::move(quantizer));
  }
  return quantizers;
}

/// Version 1 knew two placements and their names.
Quantizers named_quantizers(const Object& description, std::string_view network) {
  const std::string name = description.text("quantization");
  if (name == "none") return {};
  const std::span<const ZooEntry> known = zoo();
  const auto entry = std::ranges::find(known, network, &ZooEntry::name);
  if (name != "tf-contrib-2019" || entry == known.end()) {
    description.fail("quantization", fmt::format("is {}, which is not known", name));
  }
  return tf_contrib_2019(entry->build());
}

}  // namespace

std::string describe(const Checkpoint& checkpoint) {
  Json json;
  json["format"] = kFormat;
  json["version"] = kVersion;
  json["network"] = checkpoint.network;
  json["preprocessing"] = write_preprocessing(checkpoint.preprocessing);
  json["labels"] = checkpoint.labels;
  json["quantizers"] = Json::array();
  for (const Quantizer& quantizer : checkpoint.quantizers) {
    json["quantizers"].push_back(write_quantizer(quantizer));
  }
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
  const int version = object.integer("version", 1, kVersion);
  Checkpoint checkpoint;
  checkpoint.network = object.text("network");
  checkpoint.preprocessing = read_preprocessing(object.object("preprocessing"));
  checkpoint.labels = object.texts("labels");
  checkpoint.quantizers =
      version == 1 ? named_quantizers(object, checkpoint.network) : read_quantizers(object);
  checkpoint.provenance = object.object("provenance").text_map();
  return checkpoint;
}

}  // namespace coco_mcu::network
