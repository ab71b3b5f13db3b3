#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/commands.h"

int main(int argc, char** argv) {
  using namespace coco_mcu::cli;  // NOLINT(google-build-using-namespace): this is their program
  try {
    CommandLine program("From photographs to a person detector that runs on a microcontroller.",
                        COCO_MCU_VERSION);
    program.open_group("dataset", "Build data sets, count and look at what they hold");
    add_card(program);
    add_compare(program);
    add_dataset_build(program);
    add_dataset_pack(program);
    add_dataset_show(program);
    add_dataset_stats(program);
    add_describe(program);
    add_detect(program);
    add_emit(program);
    add_evaluate(program);
    add_export(program);
    add_import(program);
    add_inspect(program);
    add_plan(program);
    add_lower(program);
    add_report(program);
    add_reshape(program);
    add_run(program);
    add_serve(program);
    add_simulate(program);
    add_train(program);
    add_verify(program);
    return program.run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "coco-mcu: {}\n", error.what());
    return 1;
  }
}
