// Machine-readable output: one JSON object per line on stdout, and nothing else there.
#pragma once

#include <nlohmann/json.hpp>

namespace coco_mcu::cli {

/// Keys are printed in the order in which they are written.
using Json = nlohmann::ordered_json;

/// Bytes of file names that are not UTF-8 are replaced, not refused.
void print_json_line(const Json& object);

}  // namespace coco_mcu::cli
