#include "report/model_page.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "report/svg.h"

namespace coco_mcu::report {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--page:#fafbfc;--card:#fff;--ink:#1b2330;--muted:#5d6878;--line:#dbe1e8;--c0:#3f7fd0;--c1:#d98a35;--c2:#4e9a5f;--c3:#b0559a;--c4:#7a7f88}
@media screen and (prefers-color-scheme:dark){:root{--page:#0f141b;--card:#19212b;--ink:#e4e9f0;--muted:#98a4b5;--line:#36424f;--c0:#5b9bea;--c1:#e69d4d;--c2:#6cba7e;--c3:#d27dbd;--c4:#a4abb6}
.paper{filter:invert(.9) hue-rotate(180deg)}.paper .ground{fill:none}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem 1.25rem;max-width:66rem;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif}
h1{font-size:2rem;line-height:1.2;margin:0}
h1,h2,p{overflow-wrap:anywhere}
header p,figcaption,caption,.note,dt{color:var(--muted)}
dl{display:flex;flex-wrap:wrap;gap:1.2rem 2.4rem;margin:1.6rem 0 .4rem}
dl div{display:flex;flex-direction:column-reverse}
dd{margin:0;font-size:1.5rem;line-height:1.3;font-weight:650;font-variant-numeric:tabular-nums}
dt{font-size:.82rem}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.4rem 1.4rem;margin:1.4rem 0}
h2{font-size:1.2rem;margin:.2rem 0 .8rem}
.tables{display:flex;flex-wrap:wrap;gap:.6rem 3rem;align-items:flex-start}
.wide{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.87rem;margin:.5rem 0}
caption{text-align:left;padding-bottom:.3rem;white-space:nowrap}
th,td{text-align:left;padding:.3rem 1.1rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th:last-child,td:last-child{padding-right:0}
.number{text-align:right}
td.number{white-space:nowrap}
th{color:var(--muted);font-weight:600;vertical-align:bottom}
svg{display:block;width:100%;height:auto;margin:1rem 0}
svg.roc{max-width:26rem}
.legend{font-size:.82rem;margin:.8rem 0 .4rem}
.legend span{margin-right:1.4rem}
.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.4rem;vertical-align:-.1rem}
i,.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.bars{display:grid;grid-template-columns:fit-content(28rem) minmax(4rem,1fr) auto;gap:.1rem .8rem;font-size:.8rem;line-height:1.35;align-items:center}
.bars>span:nth-child(3n+1){overflow-wrap:anywhere}
.bars>span:nth-child(3n){text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.bar{display:block;height:.65rem;min-width:1px;border-radius:2px}
.bar+.bar{margin-top:1px}
.grouped{gap:.45rem .8rem}.grouped .bar{height:.45rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:1rem}
figure{margin:0;break-inside:avoid}
figure img{width:100%;height:8rem;object-fit:cover;border-radius:6px;display:block}
figcaption{font-size:.78rem;overflow-wrap:anywhere}
@media (max-width:40rem){dl{gap:.8rem 1.6rem}dd{font-size:1.2rem}caption{white-space:normal}section{padding:.8rem .9rem 1rem}.bars{grid-template-columns:1fr auto}.bars>span:nth-child(3n+1){grid-column:1/-1}}
@media print{@page{margin:14mm}:root{font-size:11px}body{padding:0;max-width:none;font-size:11px}section{border:0;padding:0}h2{break-after:avoid}tr,svg,.bars>span{break-inside:avoid}.wide{overflow:visible}}
)";

constexpr std::size_t kColours = 5;  // --c0 and so on

std::string colour(std::size_t series) {
  return fmt::format("var(--c{})", series % kColours);
}

std::string base64(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kDigits[group >> (18 - 6 * i) & 63U] : '=';
    }
  }
  return text;
}

bool is_number(std::string_view cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789,. %[]") == std::string_view::npos;
}

/// Which columns hold nothing but numbers and intervals.
std::vector<bool> number_columns(const PageTable& table) {
  std::vector<bool> numbers;
  for (const auto& row : table.rows) {
    numbers.resize(std::max(numbers.size(), row.size()), true);
    for (std::size_t i = 0; i < row.size(); ++i) {
      numbers[i] = numbers[i] && (row[i].empty() || is_number(row[i]));
    }
  }
  return numbers;
}

std::string row_html(const std::vector<std::string>& cells, const char* tag,
                     const std::vector<bool>& numbers) {
  std::string text = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool number = i < numbers.size() && numbers[i];
    text += fmt::format("<{0}{1}>{2}</{0}>", tag, number ? R"( class="number")" : "",
                        escape_xml(cells[i]));
  }
  return text + "</tr>\n";
}

std::string table_html(const PageTable& table) {
  const std::vector<bool> numbers = number_columns(table);
  std::string text = "<div class=\"wide\"><table>\n";
  if (!table.caption.empty()) {
    text += fmt::format("<caption>{}</caption>\n", escape_xml(table.caption));
  }
  if (!table.columns.empty()) {
    text += "<thead>" + row_html(table.columns, "th", numbers) + "</thead>\n";
  }
  text += "<tbody>\n";
  for (const auto& row : table.rows) text += row_html(row, "td", numbers);
  return text + "</tbody></table></div>\n";
}

std::string legend_html(const std::vector<std::string>& series) {
  std::string text = "<p class=\"legend\">";
  for (std::size_t i = 0; i < series.size(); ++i) {
    text += fmt::format("<span><i style=\"background:{}\"></i>{}</span>", colour(i),
                        escape_xml(series[i]));
  }
  return text + "</p>\n";
}

std::string bar_html(const PageBar& bar, double largest) {
  std::string bars;
  std::string texts;
  for (std::size_t i = 0; i < bar.values.size(); ++i) {
    const double share = largest > 0 ? 100 * bar.values[i].value / largest : 0;
    bars += fmt::format(R"(<span class="bar" style="width:{}%;background:{}"></span>)",
                        coordinate(share), colour(i));
    texts += (i > 0 ? "<br/>" : "") + escape_xml(bar.values[i].text);
  }
  return fmt::format(
      "<span>{} <span class=\"note\">{}</span></span><span>{}</span><span>{}</span>\n",
      escape_xml(bar.name), escape_xml(bar.note), bars, texts);
}

std::string bars_html(const PageBars& chart) {
  double largest = 0;
  for (const PageBar& bar : chart.bars) {
    for (const BarValue& value : bar.values) largest = std::max(largest, value.value);
  }
  const bool several = chart.series.size() > 1;
  std::string text = several ? legend_html(chart.series) : "";
  text += several ? "<div class=\"bars grouped\">\n" : "<div class=\"bars\">\n";
  for (const PageBar& bar : chart.bars) text += bar_html(bar, largest);
  return text + "</div>\n";
}

std::string figures_html(const std::vector<PageFigure>& figures) {
  std::string text;
  for (const PageFigure& figure : figures) {
    text += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape_xml(figure.label),
                        escape_xml(figure.value));
  }
  return text.empty() ? text : "<dl>\n" + text + "</dl>\n";
}

std::string pictures_html(const std::vector<PagePicture>& pictures) {
  std::string text = "<div class=\"pictures\">\n";
  for (const PagePicture& picture : pictures) {
    const std::string name = escape_xml(picture.name);
    text += fmt::format(
        "<figure><img alt=\"{0}\" src=\"data:image/jpeg;base64,{1}\"/>"
        "<figcaption>{2}<br/>{0}</figcaption></figure>\n",
        name, base64(picture.jpeg), escape_xml(picture.verdict));
  }
  return text + "</div>\n";
}

std::string section_html(const PageSection& section) {
  std::string text = fmt::format("<section>\n<h2>{}</h2>\n", escape_xml(section.title));
  for (const std::string& paragraph : section.paragraphs) {
    text += fmt::format("<p>{}</p>\n", escape_xml(paragraph));
  }
  if (!section.tables.empty()) {
    text += "<div class=\"tables\">\n";
    for (const PageTable& table : section.tables) text += table_html(table);
    text += "</div>\n";
  }
  for (const std::string& drawing : section.drawings) text += drawing;
  if (!section.bars.bars.empty()) text += bars_html(section.bars);
  if (!section.pictures.empty()) text += pictures_html(section.pictures);
  return text + "</section>\n";
}

}  // namespace

std::string roc_svg(const std::vector<RocCurve>& curves) {
  constexpr double kSide = 300;
  constexpr double kMargin = 40;
  constexpr double kLegendLine = 18;
  const double height = kSide + 2 * kMargin + kLegendLine * static_cast<double>(curves.size());
  std::string svg = fmt::format(
      "<svg class=\"roc\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
      "font-size=\"12\" role=\"img\"><title>ROC curve</title>"
      "<rect x=\"{2}\" y=\"10\" width=\"{3}\" height=\"{3}\" fill=\"none\" stroke=\"var(--line)\"/>"
      "<path d=\"M{2} {4}L{5} 10\" stroke=\"var(--line)\" stroke-dasharray=\"4 3\"/>\n",
      coordinate(kSide + 2 * kMargin), coordinate(height), coordinate(kMargin), coordinate(kSide),
      coordinate(kSide + 10), coordinate(kSide + kMargin));
  const auto x = [](const RocPoint& point) {
    return coordinate(kMargin + kSide * point.false_positive_rate);
  };
  const auto y = [](const RocPoint& point) {
    return coordinate(10 + kSide * (1 - point.true_positive_rate));
  };
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const RocCurve& curve = curves[i];
    std::string path;
    for (const RocPoint& point : curve.points) {
      path += fmt::format("{}{} {}", path.empty() ? "M" : "L", x(point), y(point));
    }
    const double line = kSide + kMargin + 14 + kLegendLine * static_cast<double>(i + 1);
    svg += fmt::format(
        "<path d=\"{0}\" fill=\"none\" stroke=\"{1}\" stroke-width=\"2\"/>"
        "<circle cx=\"{2}\" cy=\"{3}\" r=\"5\" fill=\"{1}\"/>\n"
        "<text x=\"{4}\" y=\"{5}\" fill=\"{1}\">{6}</text>\n",
        path, colour(i), x(curve.chosen), y(curve.chosen), coordinate(kMargin), coordinate(line),
        escape_xml(curve.name));
  }
  return svg +
         fmt::format(
             "<g fill=\"var(--muted)\"><text x=\"{0}\" y=\"{1}\" text-anchor=\"middle\">false "
             "alarms among pictures without a person</text><text transform=\"translate(26 "
             "{2}) rotate(-90)\" text-anchor=\"middle\">persons found</text></g></svg>\n",
             coordinate(kMargin + kSide / 2), coordinate(kSide + 30), coordinate(10 + kSide / 2));
}

std::string paper_drawing(const std::string& svg) {
  return "<div class=\"paper\">" + svg + "</div>\n";
}

std::string model_page_html(const ModelPage& page) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"/>\n<title>{0}</title>\n"
      "<style>/*<![CDATA[*/{1}/*]]>*/</style>\n</head>\n<body>\n"
      "<header><h1>{0}</h1><p>{2}</p>\n{3}</header>\n<main>\n",
      escape_xml(page.title), kStyle, escape_xml(page.subtitle), figures_html(page.figures));
  for (const PageSection& section : page.sections) text += section_html(section);
  return text + "</main>\n</body>\n</html>\n";
}

}  // namespace coco_mcu::report
