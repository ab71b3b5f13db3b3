#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "cli/commands.h"

namespace {

constexpr int kFailure = 1;  // bad input, or work that could not be done
constexpr int kUsage = 2;    // the command line itself

int run(int argc, char** argv) {
  CLI::App program("From photographs to a person detector that runs on a microcontroller.",
                   "coco-mcu");
  program.set_version_flag("--version", "coco-mcu " COCO_MCU_VERSION);
  program.require_subcommand(1);
  program.footer("Each command explains itself: coco-mcu detect --help");
  coco_mcu::cli::add_describe(program);
  coco_mcu::cli::add_import(program);
  coco_mcu::cli::add_detect(program);
  coco_mcu::cli::add_evaluate(program);
  coco_mcu::cli::add_run(program);
  try {
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& help) {
    return program.exit(help);
  } catch (const CLI::ParseError& error) {
    program.exit(error);
    return kUsage;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "coco-mcu: {}\n", error.what());
    return kFailure;
  }
}
