// A model on one page of HTML: figures, drawings and pictures, nothing referred to outside of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coco_mcu::report {

/// Cells are text; the page escapes it. Without columns there is no header. Columns of numbers are
/// set flush right.
struct PageTable {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

struct RocPoint {
  double false_positive_rate = 0;
  double true_positive_rate = 0;
};

struct RocCurve {
  std::string name;
  std::vector<RocPoint> points;
  RocPoint chosen;  // at the threshold in use
};

/// The curves on one square, a legend below. SVG.
std::string roc_svg(const std::vector<RocCurve>& curves);

struct PagePicture {
  std::vector<std::uint8_t> jpeg;
  std::string name;
  std::string verdict;  // what was said of it and what is true
};

struct BarValue {
  double value = 0;  // not negative
  std::string text;  // the value as people read it
};

struct PageBar {
  std::string name;
  std::string note;              // beside the name, such as the weight format
  std::vector<BarValue> values;  // one for each series
};

/// Bars relative to the largest of all.
struct PageBars {
  std::vector<std::string> series;  // a legend where there are several; at most five colours
  std::vector<PageBar> bars;
};

/// Parts are written in this order; what is empty is left out.
struct PageSection {
  std::string title{};
  std::vector<std::string> paragraphs{};
  std::vector<PageTable> tables{};
  std::vector<std::string> drawings{};  // SVG, which is not escaped
  PageBars bars{};
  std::vector<PagePicture> pictures{};
};

/// One of the few figures that stand large at the top.
struct PageFigure {
  std::string value;
  std::string label;
};

struct ModelPage {
  std::string title;
  std::string subtitle;
  std::vector<PageFigure> figures;
  std::vector<PageSection> sections;
};

/// A drawing with colours of its own, made for white paper: turned dark where the page is.
std::string paper_drawing(const std::string& svg);

/// The whole document, UTF-8 and well-formed XML, light or dark as the reader's system is, light
/// on paper.
std::string model_page_html(const ModelPage& page);

}  // namespace coco_mcu::report
