// Results on stdout, line by line as they come.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace coco_mcu::cli {

/// Keys are printed in the order in which they are written.
using Json = nlohmann::ordered_json;

/// Prints a line at once; a full disk or a closed pipe throws std::runtime_error.
void print_line(std::string line);

/// Prints one JSON object as one line. Bytes of file names that are not UTF-8 are replaced.
void print_json_line(const Json& object);

/// 0.8611 as "86.1 %".
std::string percent(double share);

/// JSON null where there is no value.
Json or_null(const std::optional<double>& value);

}  // namespace coco_mcu::cli
