#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "bench/support/bench.h"

int main(int count, char** arguments) {
  try {
    coco_mcu::measure({arguments + 1, arguments + count});
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench: {}\n", error.what());
    return 1;
  }
}
