#include "cli/json_line.h"

#include <cstdio>
#include <stdexcept>
#include <string>

namespace coco_mcu::cli {

void print_json_line(const Json& object) {
  const std::string line =
      object.dump(-1, ' ', false, nlohmann::detail::error_handler_t::replace) + "\n";
  const bool written =
      std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0;
  if (!written) throw std::runtime_error("standard output: cannot be written; is the disk full?");
}

}  // namespace coco_mcu::cli
