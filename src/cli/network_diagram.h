// A network as the plain structs that the report draws.
#pragma once

#include <string>

#include "network/network.h"
#include "report/diagram.h"

namespace coco_mcu::cli {

report::Diagram network_diagram(const network::Network& network, std::string summary);

}  // namespace coco_mcu::cli
