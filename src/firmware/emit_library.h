// Writes a folder that CMake makes a static library of, for a project of somebody's own.
#pragma once

#include <filesystem>

#include "model/model_file.h"

namespace coco_mcu::firmware {

/// Fills `folder`, which is new or empty, with sources, model, two headers, an example,
/// CMakeLists.txt and README.md. Throws std::runtime_error where the folder holds something.
void emit_library(const model::ModelFile& model, const std::filesystem::path& folder);

}  // namespace coco_mcu::firmware
