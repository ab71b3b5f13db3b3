#include "firmware/used_code.h"

#include <cstring>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "engine/layers.h"
#include "model/header.h"

namespace coco_mcu::firmware {
namespace {

using model::OperatorKind;
using model::OperatorView;

constexpr const char* kUses =
    R"(// Written by coco-mcu emit: what model.cmcu consists of. Another model needs other code.
#pragma once

#include <cstdint>

namespace coco_mcu::core {{

inline constexpr bool kIsForAnyModel = false;
inline constexpr std::uint32_t kModelChecksum = {:#010x}U;

{}
}}  // namespace coco_mcu::core
)";

constexpr const char* kUsedConvolutions =
    R"(// Written by coco-mcu emit: the convolutions of model.cmcu, without weights and numbers.
#pragma once

#include <array>

#include "kernels/kernels.h"

namespace coco_mcu::kernels {{

inline constexpr std::int32_t kTwice[] = {{0}};

inline constexpr std::array<Convolution, {}> kUsedConvolutions = {{{{
{}}}}};

inline constexpr std::array<Convolution, {}> kUsedDepthwise = {{{{
{}}}}};

}}  // namespace coco_mcu::kernels
)";

/// Whether a model has a layer for which `is` holds.
template <typename Property>
bool has_layer(const model::View& model, Property is) {
  for (int i = 0; i < model.operator_count(); ++i) {
    if (is(model.layer(i))) return true;
  }
  return false;
}

bool has_kind(const model::View& model, OperatorKind kind) {
  return has_layer(model, [kind](const OperatorView& layer) { return layer.kind == kind; });
}

const char* format_constant(core::WeightFormat format) {
  switch (format) {
    case core::WeightFormat::kTernary2:
      return "kTernary2";
    case core::WeightFormat::kFourLevel2:
      return "kFourLevel2";
    case core::WeightFormat::kSigned4:
      return "kSigned4";
    case core::WeightFormat::kSigned8:
      break;
  }
  return "kSigned8";
}

std::string literal(const kernels::Convolution& layer) {
  return fmt::format(
      "    {{.in_width = {}, .in_channels = {}, .out_width = {}, .out_channels = {},\n"
      "     .kernel = {}, .stride = {}, .padding = {}, .zero_point = {},\n"
      "     .format = core::WeightFormat::{}, .requantization = {{.twice = {}}}}},\n",
      layer.in_width, layer.in_channels, layer.out_width, layer.out_channels, layer.kernel,
      layer.stride, layer.padding, layer.zero_point, format_constant(layer.format),
      layer.requantization.twice == nullptr ? "nullptr" : "kTwice");
}

/// Those of one kind, as the engine gives them to kernels: row by row and, where a kernel can take
/// more, all rows at once. Those that differ in nothing else than weights are one.
std::set<std::string> literals(const model::View& model, OperatorKind kind) {
  std::set<std::string> result;
  for (int i = 0; i < model.operator_count(); ++i) {
    const OperatorView layer = model.layer(i);
    if (layer.kind != kind) continue;
    for (const std::int32_t rows : {1, engine::rows_at_once(layer)}) {
      result.insert(literal(engine::convolution_of(layer, model.layer(layer.inputs[0]), rows)));
    }
  }
  return result;
}

std::string uses_header(const model::ModelFile& model) {
  const model::View view = model.view();
  const std::int32_t picture_channels = view.layer(0).channels;
  const bool is_grey = picture_channels == 1;
  const std::pair<const char*, bool> uses[] = {
      {"Add", has_kind(view, OperatorKind::kAdd)},
      {"Concatenate", has_kind(view, OperatorKind::kConcatenate)},
      {"Convolution", has_kind(view, OperatorKind::kConvolution)},
      {"Depthwise", has_kind(view, OperatorKind::kDepthwise)},
      {"GlobalAverage", has_kind(view, OperatorKind::kGlobalAverage)},
      {"Lookup", is_grey || has_kind(view, OperatorKind::kLookup)},
      {"MaxPool", has_kind(view, OperatorKind::kMaxPool)},
      {"Multiply", has_kind(view, OperatorKind::kMultiply)},
      {"Upsample", has_kind(view, OperatorKind::kUpsample)},
      {"Grey", is_grey},
      {"Colour", !is_grey},
      {"Masks", has_layer(view,
                          [](const OperatorView& layer) {
                            return layer.read_mask != nullptr || layer.made_mask != nullptr;
                          })},
      {"WholeLayers", view.is_layer_by_layer()},
      {"Twice", has_layer(view, [](const OperatorView& layer) {
         return layer.requantization.twice != nullptr;
       })}};
  std::string lines;
  for (const auto& [name, is_used] : uses) {
    lines += fmt::format("inline constexpr bool kUses{} = {};\n", name, is_used);
  }
  model::Header header;
  std::memcpy(&header, model.bytes().data(), sizeof(header));
  return fmt::format(kUses, header.crc32, lines);
}

std::string used_convolutions_header(const model::View& model) {
  const std::set<std::string> convolutions = literals(model, OperatorKind::kConvolution);
  const std::set<std::string> depthwise = literals(model, OperatorKind::kDepthwise);
  return fmt::format(kUsedConvolutions, convolutions.size(), fmt::join(convolutions, ""),
                     depthwise.size(), fmt::join(depthwise, ""));
}

}  // namespace

void write_used_code(const model::ModelFile& model, const NewFolder& folder) {
  folder.write("src/core/uses.h", uses_header(model));
  folder.write("src/kernels/used_convolutions.h", used_convolutions_header(model.view()));
}

}  // namespace coco_mcu::firmware
