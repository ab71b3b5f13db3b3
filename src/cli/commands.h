// The commands of coco-mcu, one file each. A command adds itself to the program's options; when it
// is called, its callback does the work and throws a std::exception with one clear line where it
// cannot.
#pragma once

#include <CLI/CLI.hpp>

namespace coco_mcu::cli {

void add_describe(CLI::App& program);
void add_import(CLI::App& program);
void add_detect(CLI::App& program);
void add_evaluate(CLI::App& program);
void add_run(CLI::App& program);

}  // namespace coco_mcu::cli
