// The kernels' back ends, as the command line names them.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "kernels/kernels.h"

namespace coco_mcu::cli {

/// Those that this processor can run, the fastest first.
std::vector<const kernels::Backend*> supported_backends();

/// Those that it cannot.
std::vector<const kernels::Backend*> unsupported_backends();

/// Adds --backend.
void add_backend_option(Command& command, std::string& name);

/// The back end of that name; the fastest one for an empty name. Throws UsageError for one that is
/// not known or not supported here.
const kernels::Backend& backend_named(const std::string& name);

}  // namespace coco_mcu::cli
