// How weights are stored: unsigned codes of 2, 4 or 8 bits with an affine meaning, and how they are
// packed. Freestanding. See docs/arithmetic.md, "Weights".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace coco_mcu::core {

enum class WeightFormat : std::uint8_t {
  kTernary2,    // codes 0..2 mean -1, 0, 1
  kFourLevel2,  // codes 0..3 mean -3, -1, 1, 3, in units of half a step
  kSigned4,     // codes 0..15 mean -8..7
  kSigned8,     // codes 0..255 mean -128..127
};

/// The name that people and files call a format by: "w2-ternary", "w2" (four levels), "w4", "w8".
constexpr std::string_view format_name(WeightFormat format) {
  switch (format) {
    case WeightFormat::kTernary2:
      return "w2-ternary";
    case WeightFormat::kFourLevel2:
      return "w2";
    case WeightFormat::kSigned4:
      return "w4";
    case WeightFormat::kSigned8:
      return "w8";
  }
  return "unknown";
}

constexpr WeightFormat kWeightFormats[] = {WeightFormat::kTernary2, WeightFormat::kFourLevel2,
                                           WeightFormat::kSigned4, WeightFormat::kSigned8};

/// All names, as messages list them.
constexpr std::string_view kFormatNames = "w8, w4, w2, w2-ternary";

/// The format of that name; nothing where there is none.
constexpr std::optional<WeightFormat> parse_format(std::string_view name) {
  for (const WeightFormat format : kWeightFormats) {
    if (format_name(format) == name) return format;
  }
  return std::nullopt;
}

/// Bits of one code: 2, 4 or 8.
constexpr int weight_bits(WeightFormat format) {
  switch (format) {
    case WeightFormat::kTernary2:
    case WeightFormat::kFourLevel2:
      return 2;
    case WeightFormat::kSigned4:
      return 4;
    case WeightFormat::kSigned8:
      return 8;
  }
  return 8;
}

/// The integer that code 0 means.
constexpr int weight_origin(WeightFormat format) {
  switch (format) {
    case WeightFormat::kTernary2:
      return -1;
    case WeightFormat::kFourLevel2:
      return -3;
    case WeightFormat::kSigned4:
      return -8;
    case WeightFormat::kSigned8:
      return -128;
  }
  return 0;
}

/// What the integer grows by from one code to the next.
constexpr int weight_step(WeightFormat format) {
  return format == WeightFormat::kFourLevel2 ? 2 : 1;
}

/// The largest magnitude a weight can have: bounds accumulators.
constexpr int weight_magnitude(WeightFormat format) {
  return -weight_origin(format);
}

/// Codes the format knows: 3, 4, 16 or 256.
constexpr int weight_codes(WeightFormat format) {
  return format == WeightFormat::kTernary2 ? 3 : 1 << weight_bits(format);
}

/// Bytes of one row of packed weights; a row (one output channel) begins at a whole byte.
constexpr std::size_t packed_row_bytes(WeightFormat format, std::size_t weights) {
  return (weights * static_cast<std::size_t>(weight_bits(format)) + 7) / 8;
}

/// The code at `index` of a packed row; the first code stands in the lowest bits of a byte.
constexpr std::uint8_t code_at(WeightFormat format, const std::uint8_t* row, std::size_t index) {
  const auto bits = static_cast<std::size_t>(weight_bits(format));
  const std::size_t bit = index * bits;
  return static_cast<std::uint8_t>((row[bit / 8] >> (bit % 8)) & ((1U << bits) - 1U));
}

/// The integer weight at `index` of a packed row.
constexpr int weight_at(WeightFormat format, const std::uint8_t* row, std::size_t index) {
  return weight_origin(format) + weight_step(format) * code_at(format, row, index);
}

/// Unpacks one row of `count` weights.
void unpack_weights(WeightFormat format, const std::uint8_t* row, std::size_t count,
                    std::int8_t* weights);

/// Packs `count` codes into packed_row_bytes bytes; unused bits are zero.
void pack_codes(WeightFormat format, const std::uint8_t* codes, std::size_t count,
                std::uint8_t* row);

}  // namespace coco_mcu::core
