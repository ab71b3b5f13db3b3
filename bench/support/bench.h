// What every bench defines: the one `main` of them all calls it.
#pragma once

#include <span>

namespace coco_mcu {

/// Measures, prints the figures beside their limits and, as the last line, one JSON object. What it
/// throws ends the program with one line and exit status 1.
void measure(std::span<char*> arguments);

}  // namespace coco_mcu
