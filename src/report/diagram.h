// A network as a picture: blocks from top to bottom, branches beside them, what is inside each, and
// what it costs. One self-contained SVG that is readable on light and on dark pages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coco_mcu::report {

/// One step inside a block, drawn as a small coloured chip.
struct DiagramPart {
  std::string text;  // "conv 1x1 256"
  std::string kind;  // "convolution"; chips of one kind share a colour, which the legend names
};

struct DiagramBlock {
  std::string title;
  std::vector<std::string> lines;  // facts in small print below the title
  std::string kind;                // colour of the stripe at its left; may be empty
  /// Indices of earlier blocks. The first is the main path: it enters from above, the others from
  /// the side.
  std::vector<int> inputs;
  std::vector<DiagramPart> parts;  // in order of execution
  std::string output;              // shape, written at the arrow that leaves: "86x86x16"
  std::int64_t macs = 0;           // multiply-accumulates
  std::int64_t parameters = 0;
};

struct Diagram {
  std::string title;
  std::string subtitle;
  std::vector<DiagramBlock> blocks;  // in a valid order of execution; the last one is the output
};

/// The picture as an SVG document. The main path is the chain of first inputs that ends in the last
/// block; it fills the first column. What branches off stands in columns to the right, beside the
/// blocks it runs along with. Bars show MACs and parameters relative to the largest block, with
/// the share of the whole beside them; a block without any has no bars. Throws
/// std::invalid_argument for a diagram without blocks and for an input that is not an earlier
/// block; the line names the block.
std::string diagram_svg(const Diagram& diagram);

}  // namespace coco_mcu::report
