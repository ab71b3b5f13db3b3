// The commands of coco-mcu, one file each. A command adds itself to the program's options; when it
// is called, its callback does the work and throws a std::exception with one clear line where it
// cannot.
#pragma once

#include "cli/command_line.h"

namespace coco_mcu::cli {

void add_card(CommandLine& program);
void add_compare(CommandLine& program);
void add_dataset_build(CommandLine& program);
void add_dataset_pack(CommandLine& program);
void add_dataset_show(CommandLine& program);
void add_dataset_stats(CommandLine& program);
void add_describe(CommandLine& program);
void add_detect(CommandLine& program);
void add_emit(CommandLine& program);
void add_evaluate(CommandLine& program);
void add_export(CommandLine& program);
void add_import(CommandLine& program);
void add_inspect(CommandLine& program);
void add_lower(CommandLine& program);
void add_plan(CommandLine& program);
void add_report(CommandLine& program);
void add_reshape(CommandLine& program);
void add_run(CommandLine& program);
void add_serve(CommandLine& program);
void add_simulate(CommandLine& program);
void add_train(CommandLine& program);
void add_verify(CommandLine& program);

}  // namespace coco_mcu::cli
