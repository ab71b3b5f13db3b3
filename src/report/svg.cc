#include "report/svg.h"

#include <cmath>

#include <fmt/format.h>

#include "report/utf8.h"

namespace coco_mcu::report {
namespace {

bool is_xml_character(char32_t value) {
  return value == U'\t' || value == U'\n' || value == U'\r' ||
         (value >= 0x20 && value != 0xFFFE && value != 0xFFFF);
}

/// Advance width of a sign in parts of the font size.
double advance(char32_t value) {
  constexpr std::u32string_view kNarrow = U" .,:;'|!ijlI()[]/\\";
  constexpr std::u32string_view kMiddle = U"frt-\"*";
  constexpr std::u32string_view kWide = U"mwMW%@+=<>~#→×±…";
  if (kNarrow.find(value) != std::u32string_view::npos) return 0.39;
  if (kMiddle.find(value) != std::u32string_view::npos) return 0.47;
  if (kWide.find(value) != std::u32string_view::npos) return 0.95;
  if (value >= U'A' && value <= U'Z') return 0.75;
  if (value < 0x250) return 0.635;
  return 1.0;
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    switch (point.value) {
      case U'&':
        escaped += "&amp;";
        break;
      case U'<':
        escaped += "&lt;";
        break;
      case U'>':
        escaped += "&gt;";
        break;
      case U'"':
        escaped += "&quot;";
        break;
      case U'\'':
        escaped += "&#39;";
        break;
      default:
        if (point.value == U'\uFFFD' || !is_xml_character(point.value)) {
          escaped += "\uFFFD";
        } else {
          escaped += text.substr(at, point.bytes);
        }
    }
    at += point.bytes;
  }
  return escaped;
}

std::string coordinate(double value) {
  const double rounded = std::round(value * 10.0) / 10.0;
  return fmt::format("{:.10g}", rounded == 0.0 ? 0.0 : rounded);
}

double text_width(std::string_view text, double font_size, bool bold) {
  double width = 0.0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    width += advance(point.value);
    at += point.bytes;
  }
  return width * font_size * (bold ? 1.1 : 1.0);
}

}  // namespace coco_mcu::report
