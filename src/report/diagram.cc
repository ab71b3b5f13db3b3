#include "report/diagram.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "report/diagram_grid.h"
#include "report/diagram_layout.h"
#include "report/svg.h"

namespace coco_mcu::report {
namespace {

using namespace pixels;

constexpr double kMargin = 28.0;
constexpr double kHeadingFont = 20.0;
constexpr double kHeadingHeight = 26.0;
constexpr double kLegendHeight = 20.0;
constexpr double kLegendGap = 16.0;
constexpr double kSwatch = 11.0;
constexpr double kCorner = 6.0;  // radius where a connection bends
constexpr double kArrow = 7.0;   // length of an arrow's head

/// Fill and border of a kind, on a light page and on a dark one.
struct KindColours {
  const char* light_fill;
  const char* light_border;
  const char* dark_fill;
  const char* dark_border;
};

// Twelve hues of one lightness, neighbours far apart; the thirteenth kind starts over.
constexpr std::array<KindColours, 12> kColours = {{
    {"#d0e4fb", "#4788d1", "#1c314a", "#4781c2"},
    {"#fbe4d0", "#d18847", "#4a311c", "#c28147"},
    {"#d0fbe6", "#3fb97c", "#1c4a33", "#47c285"},
    {"#e5d0fb", "#8c47d1", "#331c4a", "#8547c2"},
    {"#fbd0db", "#d1476a", "#4a1c28", "#c24766"},
    {"#d0f8fb", "#3bb2bd", "#1c464a", "#47b8c2"},
    {"#fbf3d0", "#c4a737", "#4a411c", "#c2a947"},
    {"#fbd0f0", "#d147af", "#4a1c3e", "#c247a3"},
    {"#e6fbd0", "#7cbd3b", "#334a1c", "#85c247"},
    {"#d0d1fb", "#474cd1", "#22245a", "#6c70d8"},
    {"#fbd7d0", "#d15e47", "#4a241c", "#c25c47"},
    {"#e3e5e8", "#818898", "#2e3138", "#788191"},
}};

constexpr const char* kLightStyle = R"(
text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif;fill:#1b2330}
.heading{font-size:20px;font-weight:700}
.title{font-size:14px;font-weight:700}
.small{font-size:11px}
.muted{fill:#5d6878}
.page{fill:#fafbfc}
.card{fill:#ffffff;stroke:#ccd3dc}
.line{fill:none;stroke:#8793a3;stroke-width:1.5}
.head{fill:#8793a3}
.track{fill:#e6eaef}
.macs{fill:#3f7fd0}
.parameters{fill:#d98a35}
)";

constexpr const char* kDarkStyle = R"(
text{fill:#e4e9f0}
.muted{fill:#98a4b5}
.page{fill:#0f141b}
.card{fill:#19212b;stroke:#36424f}
.line{stroke:#6f7d8f}
.head{fill:#6f7d8f}
.track{fill:#2a3440}
.macs{fill:#5b9bea}
.parameters{fill:#e69d4d}
)";

/// Kinds in the order in which they are met: of each block its parts', then its own.
std::vector<std::string> kinds_of(const Diagram& diagram) {
  std::vector<std::string> kinds;
  const auto add = [&kinds](const std::string& kind) {
    if (!kind.empty() && std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
  };
  for (const DiagramBlock& block : diagram.blocks) {
    for (const DiagramPart& part : block.parts) add(part.kind);
    add(block.kind);
  }
  return kinds;
}

/// Writes one diagram. Elements are appended to `svg_` in the order in which they cover each other.
class Drawing {
 public:
  explicit Drawing(const Diagram& diagram)
      : diagram_(diagram),
        kinds_(kinds_of(diagram)),
        grid_(arrange(diagram.blocks)),
        layout_(lay_out(diagram, grid_)) {
    for (const DiagramBlock& block : diagram.blocks) {
      whole_.macs += block.macs;
      whole_.parameters += block.parameters;
      largest_.macs = std::max(largest_.macs, block.macs);
      largest_.parameters = std::max(largest_.parameters, block.parameters);
    }
  }

  std::string draw() {
    const double content_width =
        std::max({layout_.width, text_width(diagram_.title, kHeadingFont, true),
                  text_width(diagram_.subtitle, kLineFont)});
    const double heading_height = heading(content_width);
    put("<g transform=\"translate({},{})\">\n",
        coordinate(kMargin + (content_width - layout_.width) / 2.0),
        coordinate(kMargin + heading_height));
    for (const auto& line : layout_.lines) connection(line);
    output_arrow();
    for (std::size_t i = 0; i < diagram_.blocks.size(); ++i) block(i);
    put("</g>\n");
    return document(content_width + 2.0 * kMargin, layout_.height + heading_height + 2.0 * kMargin);
  }

 private:
  struct Costs {
    std::int64_t macs = 0;
    std::int64_t parameters = 0;
  };

  template <typename... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Arguments>(arguments)...);
  }

  std::string document(double width, double height) const {
    std::string text = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>{2}</title>\n<style>{3}{4}"
        "@media (prefers-color-scheme:dark){{{5}{6}}}\n</style>\n"
        "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n",
        coordinate(std::ceil(width)), coordinate(std::ceil(height)), escape_xml(diagram_.title),
        kLightStyle, kind_styles(false), kDarkStyle, kind_styles(true));
    return text + svg_ + "</svg>\n";
  }

  std::string kind_styles(bool dark) const {
    std::string style;
    for (std::size_t i = 0; i < std::min(kinds_.size(), kColours.size()); ++i) {
      const KindColours& colour = kColours[i];
      style += fmt::format(".k{0}{{fill:{1};stroke:{2}}}\n.s{0}{{fill:{2}}}\n", i,
                           dark ? colour.dark_fill : colour.light_fill,
                           dark ? colour.dark_border : colour.light_border);
    }
    return style;
  }

  /// The class of a kind's fill and border ("k3") or of its border's colour as a fill ("s3").
  std::string kind_class(char use, const std::string& kind) const {
    const auto found = std::ranges::find(kinds_, kind);
    if (found == kinds_.end()) return use == 'k' ? "card" : "track";
    const auto index = static_cast<std::size_t>(found - kinds_.begin());
    return fmt::format("{}{}", use, index % kColours.size());
  }

  void text(double x, double y, const char* style, std::string_view content,
            const char* anchor = "start") {
    put("<text class=\"{}\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n", style, coordinate(x),
        coordinate(y), anchor, escape_xml(content));
  }

  void rectangle(const Box& box, double radius, const std::string& style) {
    put("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>\n", style,
        coordinate(box.x), coordinate(box.y), coordinate(box.width), coordinate(box.height),
        coordinate(radius));
  }

  /// Title, subtitle and legend; returns how high they are.
  double heading(double width) {
    double y = kMargin;
    if (!diagram_.title.empty()) {
      text(kMargin, y + kHeadingFont - 4.0, "heading", diagram_.title);
      y += kHeadingHeight;
    }
    if (!diagram_.subtitle.empty()) {
      text(kMargin, y + kLineFont, "small muted", diagram_.subtitle);
      y += kLegendHeight;
    }
    double x = kMargin;
    for (const std::string& kind : kinds_) {
      const double item = kSwatch + 5.0 + text_width(kind, kLineFont);
      if (x > kMargin && x + item > kMargin + width) {
        x = kMargin;
        y += kLegendHeight;
      }
      rectangle({x, y + 3.0, kSwatch, kSwatch}, 3.0, kind_class('k', kind));
      text(x + kSwatch + 5.0, y + 12.5, "small muted", kind);
      x += item + kLegendGap;
    }
    if (!kinds_.empty()) y += kLegendHeight;
    return y - kMargin + 14.0;
  }

  void connection(const std::vector<Point>& line) {
    std::string path =
        fmt::format("M{} {}", coordinate(line.front().x), coordinate(line.front().y));
    const auto towards = [](Point from, Point to, double length) {
      const double distance = std::hypot(to.x - from.x, to.y - from.y);
      const double part = distance > 0.0 ? std::min(length, distance / 2.0) / distance : 0.0;
      return Point{from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part};
    };
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      const Point before = towards(line[i], line[i - 1], kCorner);
      const Point after = towards(line[i], line[i + 1], kCorner);
      path += fmt::format("L{} {}Q{} {} {} {}", coordinate(before.x), coordinate(before.y),
                          coordinate(line[i].x), coordinate(line[i].y), coordinate(after.x),
                          coordinate(after.y));
    }
    const Point tip = line.back();
    const Point base = towards(tip, line[line.size() - 2], kArrow);
    path += fmt::format("L{} {}", coordinate(base.x), coordinate(base.y));
    put("<path class=\"line\" d=\"{}\"/>\n", path);
    const double across_x = (tip.y - base.y) * 0.6;
    const double across_y = (tip.x - base.x) * 0.6;
    put("<path class=\"head\" d=\"M{} {}L{} {}L{} {}Z\"/>\n", coordinate(tip.x), coordinate(tip.y),
        coordinate(base.x + across_x), coordinate(base.y + across_y), coordinate(base.x - across_x),
        coordinate(base.y - across_y));
  }

  void output_arrow() {
    const Box& box = layout_.blocks.back().box;
    connection({{box.centre(), box.bottom()}, {box.centre(), box.bottom() + kLabelZone + 6.0}});
  }

  void block(std::size_t index) {
    const DiagramBlock& block = diagram_.blocks[index];
    const PlacedBlock& placed = layout_.blocks[index];
    const Box& box = placed.box;
    put("<g>\n");
    if (placed.small) {
      rectangle(box, box.height / 2.0, kind_class('k', block.kind));
      text(box.centre(), box.y + box.height / 2.0 + 5.0, "title", block.title, "middle");
    } else {
      rectangle(box, 6.0, "card");
      rectangle({box.x, box.y, kStripe, box.height}, 2.5, kind_class('s', block.kind));
      inside(block, placed);
    }
    if (!block.output.empty()) {
      text(box.centre() + 7.0, box.bottom() + 15.0, "small muted", block.output);
    }
    put("</g>\n");
  }

  void inside(const DiagramBlock& block, const PlacedBlock& placed) {
    const double left = placed.box.x + kStripe + kPadding;
    text(left, placed.box.y + kPadding + 12.0, "title", block.title);
    double y = placed.lines_top;
    for (const std::string& line : block.lines) {
      text(left, y + 11.0, "small muted", line);
      y += kLineHeight;
    }
    for (std::size_t i = 0; i < block.parts.size(); ++i) {
      const Box& chip = placed.chips[i];
      if (i > 0 && placed.chips[i - 1].y == chip.y) {
        put("<path class=\"line\" d=\"M{} {}H{}\"/>\n", coordinate(placed.chips[i - 1].right()),
            coordinate(chip.y + chip.height / 2.0), coordinate(chip.x));
      }
      rectangle(chip, 5.0, kind_class('k', block.parts[i].kind));
      text(chip.centre(), chip.y + chip.height / 2.0 + 4.0, "small", block.parts[i].text, "middle");
    }
    if (block.macs == 0 && block.parameters == 0) return;
    const double width = (placed.box.right() - kPadding - left - kBarsGap) / 2.0;
    bar({left, placed.bars_top, width, kBarsHeight}, "macs", largest_.macs, block.macs,
        bar_text(block.macs, whole_.macs, "MACs"));
    bar({left + width + kBarsGap, placed.bars_top, width, kBarsHeight}, "parameters",
        largest_.parameters, block.parameters,
        bar_text(block.parameters, whole_.parameters, "parameters"));
  }

  void bar(const Box& box, const char* style, std::int64_t largest, std::int64_t figure,
           const BarText& words) {
    text(box.x, box.y + 11.0, "small", words.figure);
    text(box.right(), box.y + 11.0, "small muted", words.share, "end");
    const Box track{box.x, box.y + 17.0, box.width, 5.0};
    rectangle(track, 2.5, "track");
    if (figure == 0) return;
    const double part = static_cast<double>(figure) / static_cast<double>(largest);
    rectangle({track.x, track.y, std::max(track.height, track.width * part), track.height}, 2.5,
              style);
  }

  const Diagram& diagram_;
  std::vector<std::string> kinds_;
  Grid grid_;
  DiagramLayout layout_;
  Costs whole_;
  Costs largest_;
  std::string svg_;
};

}  // namespace

std::string diagram_svg(const Diagram& diagram) {
  return Drawing(diagram).draw();
}

}  // namespace coco_mcu::report
