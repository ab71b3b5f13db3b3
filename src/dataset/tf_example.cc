#include "dataset/tf_example.h"

#include <charconv>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "dataset/sha256.h"

namespace coco_mcu::dataset {
namespace {

// Field numbers of TensorFlow's example.proto and feature.proto.
constexpr protozero::pbf_tag_type kFeatures = 1;  // of Example
constexpr protozero::pbf_tag_type kEntry = 1;     // of Features: a map's entries
constexpr protozero::pbf_tag_type kKey = 1;       // of an entry
constexpr protozero::pbf_tag_type kFeature = 2;   // of an entry
constexpr protozero::pbf_tag_type kBytesList = 1;
constexpr protozero::pbf_tag_type kFloatList = 2;
constexpr protozero::pbf_tag_type kInt64List = 3;
constexpr protozero::pbf_tag_type kValue = 1;  // of each list

constexpr std::string_view kBackground = "background";
constexpr int kMaxSide = 1'000'000;  // pixels, as in annotations

using Bytes = std::vector<std::string>;
using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;
using Feature = std::variant<std::monostate, Bytes, Floats, Integers>;
using Features = std::map<std::string, Feature, std::less<>>;

std::string serialize_feature(const Feature& feature) {
  std::string list;
  protozero::pbf_writer values(list);
  protozero::pbf_tag_type kind = kBytesList;
  if (const auto* bytes = std::get_if<Bytes>(&feature)) {
    for (const std::string& value : *bytes) values.add_bytes(kValue, value);
  } else if (const auto* floats = std::get_if<Floats>(&feature)) {
    kind = kFloatList;
    values.add_packed_float(kValue, floats->begin(), floats->end());
  } else if (const auto* integers = std::get_if<Integers>(&feature)) {
    kind = kInt64List;
    values.add_packed_int64(kValue, integers->begin(), integers->end());
  }
  std::string message;
  protozero::pbf_writer(message).add_message(kind, list);
  return message;
}

std::string_view format_of(std::span<const std::uint8_t> encoded) {
  return !encoded.empty() && encoded[0] == 0x89 ? "png" : "jpeg";
}

double pixels(const Example& example) {
  return static_cast<double>(example.height) * example.width;
}

void add_objects(const Example& example, Features& features) {
  Floats xmin;
  Floats ymin;
  Floats xmax;
  Floats ymax;
  Floats area;
  Integers label;
  for (const ExampleObject& object : example.objects) {
    xmin.push_back(object.box.xmin);
    ymin.push_back(object.box.ymin);
    xmax.push_back(object.box.xmax);
    ymax.push_back(object.box.ymax);
    area.push_back(static_cast<float>(object.area * pixels(example)));
    label.push_back(object.is_class ? 1 : 0);
  }
  features["image/object/bbox/xmin"] = std::move(xmin);
  features["image/object/bbox/ymin"] = std::move(ymin);
  features["image/object/bbox/xmax"] = std::move(xmax);
  features["image/object/bbox/ymax"] = std::move(ymax);
  features["image/object/area"] = std::move(area);
  features["image/object/class/label"] = std::move(label);
}

/// The features of one Example, while they are taken out.
class Reading {
 public:
  Reading(std::span<const std::uint8_t> bytes, std::string_view name);

  bool has(std::string_view feature) const { return features_.contains(feature); }
  std::string text(std::string_view feature) const { return only<Bytes>(feature, "bytes"); }
  std::int64_t integer(std::string_view feature) const { return only<Integers>(feature, "int64"); }
  int side(std::string_view feature) const;
  std::int64_t id() const;
  /// Empty where it is missing: TensorFlow leaves out lists of nothing.
  Floats floats(std::string_view feature) const;
  Integers integers(std::string_view feature) const;
  [[noreturn]] void fail(std::string_view reason) const;

 private:
  void read_feature(protozero::pbf_reader entry);
  template <typename List>
  const List* list(std::string_view feature, std::string_view type) const;
  template <typename List>
  typename List::value_type only(std::string_view feature, std::string_view type) const;

  std::string_view name_;
  Features features_;
};

void Reading::fail(std::string_view reason) const {
  throw std::runtime_error(
      fmt::format("{}: {}; build the data set again with `coco-mcu dataset build`", name_, reason));
}

Bytes read_bytes(protozero::pbf_reader list) {
  Bytes values;
  while (list.next(kValue, protozero::pbf_wire_type::length_delimited)) {
    values.push_back(list.get_bytes());
  }
  return values;
}

// Numbers come packed or one by one: readers of protocol buffers accept both.
Floats read_floats(protozero::pbf_reader list) {
  Floats values;
  while (list.next(kValue)) {
    if (list.wire_type() == protozero::pbf_wire_type::length_delimited) {
      for (const float value : list.get_packed_float()) values.push_back(value);
    } else if (list.wire_type() == protozero::pbf_wire_type::fixed32) {
      values.push_back(list.get_float());
    } else {
      list.skip();
    }
  }
  return values;
}

Integers read_integers(protozero::pbf_reader list) {
  Integers values;
  while (list.next(kValue)) {
    if (list.wire_type() == protozero::pbf_wire_type::length_delimited) {
      for (const std::int64_t value : list.get_packed_int64()) values.push_back(value);
    } else if (list.wire_type() == protozero::pbf_wire_type::varint) {
      values.push_back(list.get_int64());
    } else {
      list.skip();
    }
  }
  return values;
}

Feature read_kind(protozero::pbf_reader message) {
  Feature feature;
  while (message.next()) {
    if (message.wire_type() != protozero::pbf_wire_type::length_delimited) {
      message.skip();
      continue;
    }
    switch (message.tag()) {
      case kBytesList:
        feature = read_bytes(message.get_message());
        break;
      case kFloatList:
        feature = read_floats(message.get_message());
        break;
      case kInt64List:
        feature = read_integers(message.get_message());
        break;
      default:
        message.skip();
    }
  }
  return feature;
}

void Reading::read_feature(protozero::pbf_reader entry) {
  std::string key;
  Feature feature;
  while (entry.next()) {
    if (entry.wire_type() != protozero::pbf_wire_type::length_delimited) {
      entry.skip();
    } else if (entry.tag() == kKey) {
      key = entry.get_string();
    } else if (entry.tag() == kFeature) {
      feature = read_kind(entry.get_message());
    } else {
      entry.skip();
    }
  }
  features_[key] = std::move(feature);
}

Reading::Reading(std::span<const std::uint8_t> bytes, std::string_view name) : name_(name) {
  try {
    // The bytes of a message are characters to protozero.
    protozero::pbf_reader example(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (example.next(kFeatures, protozero::pbf_wire_type::length_delimited)) {
      protozero::pbf_reader features = example.get_message();
      while (features.next(kEntry, protozero::pbf_wire_type::length_delimited)) {
        read_feature(features.get_message());
      }
    }
  } catch (const protozero::exception& error) {
    fail(fmt::format("is not a tf.train.Example ({})", error.what()));
  }
}

template <typename List>
const List* Reading::list(std::string_view feature, std::string_view type) const {
  const auto found = features_.find(feature);
  if (found == features_.end() || std::holds_alternative<std::monostate>(found->second)) {
    return nullptr;
  }
  const List* values = std::get_if<List>(&found->second);
  if (values == nullptr) fail(fmt::format("`{}` is not of type {}", feature, type));
  return values;
}

template <typename List>
typename List::value_type Reading::only(std::string_view feature, std::string_view type) const {
  const List* values = list<List>(feature, type);
  if (values == nullptr) fail(fmt::format("`{}` is missing", feature));
  if (values->size() != 1) {
    fail(fmt::format("`{}` holds {} values instead of one", feature, values->size()));
  }
  return values->front();
}

Floats Reading::floats(std::string_view feature) const {
  const auto* values = list<Floats>(feature, "float");
  return values == nullptr ? Floats{} : *values;
}

Integers Reading::integers(std::string_view feature) const {
  const auto* values = list<Integers>(feature, "int64");
  return values == nullptr ? Integers{} : *values;
}

int Reading::side(std::string_view feature) const {
  const std::int64_t value = integer(feature);
  if (value < 1 || value > kMaxSide) {
    fail(fmt::format("`{}` is {}; a picture has 1 to {} pixels on a side", feature, value,
                     kMaxSide));
  }
  return static_cast<int>(value);
}

std::int64_t Reading::id() const {
  const std::string digits = text("image/source_id");
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end) fail("`image/source_id` is not a whole number");
  return value;
}

std::vector<ExampleObject> read_objects(const Reading& reading, double picture_area) {
  const Floats xmin = reading.floats("image/object/bbox/xmin");
  const Floats ymin = reading.floats("image/object/bbox/ymin");
  const Floats xmax = reading.floats("image/object/bbox/xmax");
  const Floats ymax = reading.floats("image/object/bbox/ymax");
  const Floats area = reading.floats("image/object/area");
  const Integers label = reading.integers("image/object/class/label");
  const std::size_t count = xmin.size();
  // TensorFlow's builder writes objects of the class alone, without saying so of each.
  const bool all_of_class = !reading.has("image/object/class/label");
  if (ymin.size() != count || xmax.size() != count || ymax.size() != count ||
      area.size() != count || (!all_of_class && label.size() != count)) {
    reading.fail("the lists `image/object/...` are of different lengths");
  }
  std::vector<ExampleObject> objects;
  objects.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    objects.push_back({{xmin[i], ymin[i], xmax[i], ymax[i]},
                       static_cast<float>(area[i] / picture_area),
                       all_of_class || label[i] != 0});
  }
  return objects;
}

}  // namespace

std::vector<std::uint8_t> serialize_example(const Example& example) {
  Features features;
  features["image/encoded"] = Bytes{{example.encoded.begin(), example.encoded.end()}};
  features["image/filename"] = Bytes{example.file_name};
  features["image/format"] = Bytes{std::string(format_of(example.encoded))};
  features["image/height"] = Integers{example.height};
  features["image/key/sha256"] = Bytes{sha256(example.encoded)};
  features["image/source_id"] = Bytes{std::to_string(example.id)};
  features["image/width"] = Integers{example.width};
  if (example.label) {
    features["image/class/label"] = Integers{*example.label ? 1 : 0};
    features["image/class/text"] =
        Bytes{*example.label ? example.class_name : std::string(kBackground)};
  }
  if (example.is_weakly_positive) features["image/class/weak"] = Integers{1};
  add_objects(example, features);

  std::string entries;
  protozero::pbf_writer map(entries);
  for (const auto& [key, feature] : features) {
    protozero::pbf_writer entry(map, kEntry);
    entry.add_string(kKey, key);
    entry.add_message(kFeature, serialize_feature(feature));
  }
  std::string message;
  protozero::pbf_writer(message).add_message(kFeatures, entries);
  return {message.begin(), message.end()};
}

Example parse_example(std::span<const std::uint8_t> bytes, std::string_view name) {
  const Reading reading(bytes, name);
  Example example;
  const std::string encoded = reading.text("image/encoded");
  example.encoded.assign(encoded.begin(), encoded.end());
  example.file_name = reading.text("image/filename");
  example.id = reading.id();
  example.height = reading.side("image/height");
  example.width = reading.side("image/width");
  if (reading.has("image/class/label")) {
    example.label = reading.integer("image/class/label") != 0;
    if (*example.label && reading.has("image/class/text")) {
      example.class_name = reading.text("image/class/text");
    }
  }
  example.is_weakly_positive =
      reading.has("image/class/weak") && reading.integer("image/class/weak") != 0;
  example.objects = read_objects(reading, pixels(example));
  return example;
}

}  // namespace coco_mcu::dataset
