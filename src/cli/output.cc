#include "cli/output.h"

#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::cli {

void print_line(std::string line) {
  line += '\n';
  const bool written =
      std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0;
  if (!written) throw std::runtime_error("standard output: cannot be written; is the disk full?");
}

void print_json_line(const Json& object) {
  print_line(object.dump(-1, ' ', false, nlohmann::detail::error_handler_t::replace));
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100.0 * share);
}

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace coco_mcu::cli
