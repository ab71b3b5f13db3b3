// The trainer alone, for machines that have little beside PyTorch and a compiler.
#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/commands.h"

int main(int argc, char** argv) {
  using namespace coco_mcu::cli;  // NOLINT(google-build-using-namespace): this is their program
  try {
    CommandLine program("Trains a person detector that coco-mcu brings onto a microcontroller.",
                        COCO_MCU_VERSION);
    add_train(program);
    return program.run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "coco-mcu-train: {}\n", error.what());
    return 1;
  }
}
