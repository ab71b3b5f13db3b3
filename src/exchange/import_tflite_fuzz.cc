// Fuzzes the importer of TensorFlow Lite models: any bytes are refused with a message, or become an
// integer model.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "exchange/import_tflite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> bytes(data, data + size);  // as aligned as a file in memory
  try {
    coco_mcu::exchange::import_tflite(bytes, "fuzz",
                                      {.name = "fuzz", .labels = {"no person", "person"}});
  } catch (const std::runtime_error&) {
    return 0;
  }
  return 0;
}
