#include "report/model_page.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "report/svg.h"

namespace coco_mcu::report {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--page:#fafbfc;--card:#fff;--ink:#1b2330;--muted:#5d6878;--line:#dbe1e8;--bar:#3f7fd0;--other:#d98a35}
@media (prefers-color-scheme:dark){:root{--page:#0f141b;--card:#19212b;--ink:#e4e9f0;--muted:#98a4b5;--line:#36424f;--bar:#5b9bea;--other:#e69d4d}
.drawing{filter:invert(.88) hue-rotate(180deg)}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2.5rem 1.25rem;max-width:66rem;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif}
h1{font-size:2rem;line-height:1.2;margin:0}
header p,figcaption,caption,.note{color:var(--muted)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.4rem 1.4rem;margin:1.4rem 0}
h2{font-size:1.2rem;margin:.2rem 0 .8rem}
.wide{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.87rem}
caption{text-align:left;padding-bottom:.3rem}
th,td{text-align:left;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:nth-child(-n+2){overflow-wrap:anywhere}
th{color:var(--muted);font-weight:600}
svg{display:block;width:100%;height:auto;margin:1rem 0}
svg.roc{max-width:26rem}
.bars{display:grid;grid-template-columns:minmax(9rem,22rem) 1fr auto;gap:.1rem .8rem;font-size:.8rem;align-items:center}
.bars>span:nth-child(3n+1){overflow-wrap:anywhere}
.bars>span:nth-child(3n){text-align:right;font-variant-numeric:tabular-nums}
.bar{display:block;height:.65rem;min-width:1px;border-radius:2px;background:var(--bar);print-color-adjust:exact;-webkit-print-color-adjust:exact}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:1rem}
figure{margin:0;break-inside:avoid}
figure img{width:100%;height:8rem;object-fit:cover;border-radius:6px;display:block}
figcaption{font-size:.78rem;overflow-wrap:anywhere}
@media print{body{padding:0;max-width:none;font-size:11px}section{border:0;padding:0}h2{break-after:avoid}tr,svg{break-inside:avoid}.wide{overflow:visible}table{width:100%}}
)";

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

std::string row_html(const std::vector<std::string>& cells, const char* tag) {
  std::string text = "<tr>";
  for (const std::string& cell : cells)
    text += fmt::format("<{0}>{1}</{0}>", tag, escape_xml(cell));
  return text + "</tr>\n";
}

std::string table_html(const PageTable& table) {
  std::string text = "<div class=\"wide\"><table>\n";
  if (!table.caption.empty()) {
    text += fmt::format("<caption>{}</caption>\n", escape_xml(table.caption));
  }
  if (!table.columns.empty()) text += "<thead>" + row_html(table.columns, "th") + "</thead>\n";
  text += "<tbody>\n";
  for (const auto& row : table.rows) text += row_html(row, "td");
  return text + "</tbody></table></div>\n";
}

std::string bars_html(const std::vector<PageBar>& bars) {
  double largest = 0;
  for (const PageBar& bar : bars) largest = std::max(largest, bar.value);
  std::string text = "<div class=\"bars\">\n";
  for (const PageBar& bar : bars) {
    const double share = largest > 0 ? 100 * bar.value / largest : 0;
    text += fmt::format(
        "<span>{} <span class=\"note\">{}</span></span><span><span class=\"bar\" "
        "style=\"width:{}%\"></span></span><span>{}</span>\n",
        escape_xml(bar.name), escape_xml(bar.note), coordinate(share), escape_xml(bar.text));
  }
  return text + "</div>\n";
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
  for (const PageTable& table : section.tables) text += table_html(table);
  for (const std::string& drawing : section.drawings) text += drawing;
  if (!section.bars.empty()) text += bars_html(section.bars);
  if (!section.pictures.empty()) text += pictures_html(section.pictures);
  return text + "</section>\n";
}

}  // namespace

std::string roc_svg(const std::vector<RocCurve>& curves) {
  constexpr double kSide = 300;
  constexpr double kMargin = 40;
  constexpr double kLegendLine = 18;
  constexpr std::array<const char*, 2> kColours = {"var(--bar)", "var(--other)"};
  const double height = kSide + 2 * kMargin + kLegendLine * static_cast<double>(curves.size());
  std::string svg = fmt::format(
      "<svg class=\"roc\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
      "font-size=\"12\" role=\"img\"><title>ROC curve</title>"
      "<rect x=\"{2}\" y=\"10\" width=\"{3}\" height=\"{3}\" fill=\"none\" stroke=\"var(--line)\"/>"
      "<path d=\"M{2} {4}L{5} 10\" stroke=\"var(--line)\" stroke-dasharray=\"4 3\"/>\n",
      coordinate(kSide + 2 * kMargin), coordinate(height), coordinate(kMargin), coordinate(kSide),
      coordinate(kSide + 10), coordinate(kSide + kMargin));
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    std::string path;
    for (const RocPoint& point : curves[i].points) {
      path += fmt::format("{}{} {}", path.empty() ? "M" : "L",
                          coordinate(kMargin + kSide * point.false_positive_rate),
                          coordinate(10 + kSide * (1 - point.true_positive_rate)));
    }
    svg += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", path,
                       colour);
    svg += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n", coordinate(kMargin),
                       coordinate(kSide + kMargin + 14 + kLegendLine * static_cast<double>(i + 1)),
                       colour, escape_xml(curves[i].name));
  }
  return svg +
         fmt::format(
             "<g fill=\"var(--muted)\"><text x=\"{0}\" y=\"{1}\" text-anchor=\"middle\">false "
             "alarms among pictures without a person</text><text transform=\"translate(26 "
             "{2}) rotate(-90)\" text-anchor=\"middle\">persons found</text></g></svg>\n",
             coordinate(kMargin + kSide / 2), coordinate(kSide + 30), coordinate(10 + kSide / 2));
}

std::string model_page_html(const ModelPage& page) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"/>\n<title>{0}</title>\n"
      "<style>/*<![CDATA[*/{1}/*]]>*/</style>\n</head>\n<body>\n"
      "<header><h1>{0}</h1><p>{2}</p></header>\n<main>\n",
      escape_xml(page.title), kStyle, escape_xml(page.subtitle));
  for (const PageSection& section : page.sections) text += section_html(section);
  return text + "</main>\n</body>\n</html>\n";
}

}  // namespace coco_mcu::report
