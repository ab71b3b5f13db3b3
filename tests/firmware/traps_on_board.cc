// The main program of a firmware that is built and simulated by on_board.cmake: does what its
// guards must not allow. The command line says what: "stack" or "arena".

#include <cstdint>

#include "firmware/device/memory_map.h"
#include "firmware/device/semihosting.h"

namespace {

/// Uses up stack until there is none.
std::uint32_t use_stack(std::uint32_t depth) {
  volatile std::uint32_t used[32];
  for (std::uint32_t i = 0; i < 32; ++i) used[i] = depth + i;
  return depth == 0 ? 0 : use_stack(depth - 1) + used[depth % 32];
}

}  // namespace

int main() {
  static char line[64];
  const coco_mcu::firmware::Words words = coco_mcu::firmware::read_command_line(line, sizeof(line));
  if (words.are("stack")) {
    coco_mcu::firmware::print_figure("used", use_stack(100000));
  } else if (words.are("arena")) {
    *static_cast<volatile std::uint8_t*>(coco_mcu_arena_end - 1) = 1;
    coco_mcu::firmware::print("the arena's last byte is written\n");
    *static_cast<volatile std::uint8_t*>(coco_mcu_arena_end) = 1;
  }
  coco_mcu::firmware::print("nothing has trapped\n");
  return 0;
}
