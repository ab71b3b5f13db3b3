#include "report/utf8.h"

namespace coco_mcu::report {
namespace {

constexpr char32_t kReplacement = U'\uFFFD';

/// Bytes of the sequence that starts with `lead`; 0 for a byte that starts none.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  return 0;
}

/// Longer than it need be, a surrogate, or beyond the last code point.
bool is_malformed(char32_t value, std::size_t bytes) {
  return (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000) || value > 0x10FFFF ||
         (value >= 0xD800 && value <= 0xDFFF);
}

std::size_t code_point_width(char32_t code) {
  if (code >= 0x300 && code <= 0x36F) return 0;
  const bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                    (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                    (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                    (code >= 0x1F300 && code <= 0x1FAFF);
  return wide ? 2 : 1;
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = sequence_length(lead);
  if (length == 0 || at + length > text.size()) return {kReplacement, 1};
  if (length == 1) return {lead, 1};
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xC0U) != 0x80U) return {kReplacement, 1};
    value = (value << 6U) | (byte & 0x3FU);
  }
  if (is_malformed(value, length)) return {kReplacement, 1};
  return {value, length};
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    width += code_point_width(point.value);
    at += point.bytes;
  }
  return width;
}

}  // namespace coco_mcu::report
