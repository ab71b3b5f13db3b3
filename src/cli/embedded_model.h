// The model that the program brings along, so that it decides without any other file.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/model_file.h"

namespace coco_mcu::cli {

/// The bytes of models/person.cmcu as it was when the program was built; none where that file was
/// not there.
std::span<const std::uint8_t> embedded_model();

/// "models/person.cmcu (built in)", as messages name it.
std::string embedded_model_name();

/// Reads and verifies a model file; the embedded one for an empty path. Throws UsageError where
/// that is asked for and there is none, and std::runtime_error as model::read_model does.
model::ModelFile open_model(const std::string& path);

}  // namespace coco_mcu::cli
