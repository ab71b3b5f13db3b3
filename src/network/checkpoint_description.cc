#include "network/checkpoint_description.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <stdexcept>

#include <fmt/format.h>

#include "network/json_object.h"
#include "network/network_description.h"
#include "network/tf_contrib_2019.h"
#include "network/zoo/zoo.h"

namespace coco_mcu::network {
namespace {

constexpr const char* kFormat = "coco-mcu float checkpoint";
constexpr int kVersion = 2;
constexpr int kMostBits = 8;

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

/// 0.485F as 0.485 rather than 0.48500001430511475; reading it back gives the same float.
Json shortest(std::span<const float, 3> channels) {
  Json list = Json::array();
  for (const float value : channels) {
    list.push_back(std::strtod(fmt::format("{}", value).c_str(), nullptr));
  }
  return list;
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
  if (checkpoint.own_network) json["layers"] = describe_layers(*checkpoint.own_network);
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
  if (object.has("layers")) {
    checkpoint.own_network = read_layers(object, checkpoint.network, checkpoint.labels);
  }
  checkpoint.quantizers =
      version == 1 ? named_quantizers(object, checkpoint.network) : read_quantizers(object);
  checkpoint.provenance = object.object("provenance").text_map();
  return checkpoint;
}

}  // namespace coco_mcu::network
