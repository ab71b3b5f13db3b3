#include "report/memory_map.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "report/svg.h"
#include "report/table.h"

namespace coco_mcu::report {
namespace {

constexpr double kWidth = 960;
constexpr double kHeight = 560;
constexpr double kLeft = 80;
constexpr double kTop = 40;
constexpr double kBottom = 40;
constexpr double kRight = 20;
constexpr double kFont = 11;
constexpr double kLeastBoxWidth = 1.5;  // a row's scratch is there for a moment only

constexpr std::array<const char*, 6> kColours = {"#8fb8de", "#f2c57c", "#9ad0a5",
                                                 "#e3a6a1", "#c3b1e1", "#cfcfc4"};

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + coordinate(value) + "\"";
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return "<text" + attribute("x", x) + attribute("y", y) + " text-anchor=\"" + anchor + "\">" +
         escape_xml(text) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
         attribute("y2", y2) + " " + style + "/>\n";
}

std::string begin_svg(const std::string& title) {
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
                    coordinate(kWidth) + " " + coordinate(kHeight) +
                    "\" font-family=\"sans-serif\" font-size=\"" + coordinate(kFont) +
                    "\">\n<rect class=\"ground\" width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  return svg + text_at(kLeft, 20, "start", title);
}

/// Positions in the drawing of quantities between two ends.
struct Scale {
  double low = 0;
  double high = 1;
  double from = 0;  // where `low` stands
  double to = 1;    // where `high` stands

  double at(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

/// Lines across at round numbers of KiB.
std::string memory_axis(const Scale& y) {
  std::string svg;
  const double step = std::max(1.0, (y.high - y.low) / 8 / 1024);
  double kib = 1;
  while (kib < step) kib *= 2;
  for (double at = 0; at <= y.high; at += kib * 1024) {
    if (at < y.low) continue;
    svg += line(kLeft, y.at(at), kWidth - kRight, y.at(at), "stroke=\"#ddd\"");
    svg += text_at(kLeft - 6, y.at(at) + 4, "end", byte_size(static_cast<std::int64_t>(at)));
  }
  return svg;
}

std::string box_svg(const MemoryBox& box, const Scale& x, const Scale& y) {
  std::size_t sum = 0;  // the same colour for the same name, everywhere
  for (const char letter : box.name) sum = 31 * sum + static_cast<unsigned char>(letter);
  const std::size_t colour = sum % kColours.size();
  const double left = x.at(box.first);
  const double width = std::max(kLeastBoxWidth, x.at(box.last + 1) - left);
  const auto end = static_cast<double>(box.offset + box.bytes);
  const double top = y.at(end);
  const double height = y.at(static_cast<double>(box.offset)) - top;
  std::string svg = "<g><title>" + escape_xml(box.name) + ": " + thousands(box.bytes) +
                    " bytes at " + thousands(box.offset) + "</title><rect" + attribute("x", left) +
                    attribute("y", top) + attribute("width", width) + attribute("height", height) +
                    " fill=\"" + kColours[colour] + "\" fill-opacity=\"0.7\" stroke=\"#444\" " +
                    "stroke-width=\"0.5\"/>";
  if (height > kFont && width > text_width(box.name, kFont) + 4) {
    svg += text_at(left + 3, top + kFont, "start", box.name);
  }
  return svg + "</g>\n";
}

}  // namespace

std::string memory_map_svg(const MemoryMap& map) {
  const Scale x = {0, std::max(1.0, static_cast<double>(map.moments)), kLeft, kWidth - kRight};
  const Scale y = {0, std::max(1.0, static_cast<double>(map.bytes)), kHeight - kBottom, kTop};
  std::string svg = begin_svg(map.title) + memory_axis(y);
  std::vector<MemoryBox> boxes = map.boxes;
  std::stable_sort(boxes.begin(), boxes.end(), [](const MemoryBox& a, const MemoryBox& b) {
    return a.bytes > b.bytes;  // small ones on top
  });
  for (const MemoryBox& box : boxes) svg += box_svg(box, x, y);
  for (std::size_t i = 0; i < map.boundaries.size(); ++i) {
    const double at = x.at(map.boundaries[i]);
    svg += line(at, kTop, at, kHeight - kBottom, "stroke=\"#888\" stroke-dasharray=\"4 3\"");
  }
  svg += text_at(kWidth - kRight, kHeight - 12, "end",
                 "time in rows computed; dashed: ends of passes");
  return svg + "</svg>\n";
}

std::string memory_curve_svg(const std::string& title, const std::vector<MemoryCurve>& curves) {
  Scale x = {0, 0, kLeft, kWidth - kRight};
  Scale y = {0, 0, kHeight - kBottom, kTop};
  x.low = 1e30;
  for (const MemoryCurve& curve : curves) {
    for (const MemoryPoint& point : curve.points) {
      y.high = std::max(y.high, 1.05 * static_cast<double>(point.bytes));
      x.low = std::min(x.low, point.work);
      x.high = std::max(x.high, point.work);
    }
  }
  const double margin = std::max(0.1, 0.05 * (x.high - x.low));
  x.low -= margin;
  x.high += margin;
  std::string svg = begin_svg(title) + memory_axis(y);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    std::string path;
    const char* colour = i % 2 == 0 ? "#2b6cb0" : "#c05621";
    for (const MemoryPoint& point : curves[i].points) {
      const double px = x.at(point.work);
      const double py = y.at(static_cast<double>(point.bytes));
      path += path.empty() ? "M" : "H" + coordinate(px) + "V" + coordinate(py) + "M";
      path += coordinate(px) + " " + coordinate(py);
      svg += "<circle" + attribute("cx", px) + attribute("cy", py) + " r=\"3\" fill=\"" + colour +
             "\"><title>" + thousands(point.bytes) + " bytes, " + coordinate(point.work) +
             " million</title></circle>\n";
      svg += text_at(px + 5, py - 5, "start", thousands(point.bytes));
    }
    svg += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + colour + "\"/>\n";
    svg += "<g fill=\"" + std::string(colour) + "\">" +
           text_at(kWidth - kRight, kTop + 16 * static_cast<double>(i + 1), "end", curves[i].name) +
           "</g>\n";
  }
  svg += text_at(kLeft, kHeight - 12, "start", coordinate(x.low + margin));
  svg += text_at(kWidth - kRight, kHeight - 12, "end",
                 coordinate(x.high - margin) + " million multiply-accumulates");
  return svg + "</svg>\n";
}

}  // namespace coco_mcu::report
