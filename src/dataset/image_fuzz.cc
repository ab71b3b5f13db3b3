// Any bytes are a picture that can be prepared for a network, or an error in words.
#include <cstdlib>
#include <span>
#include <stdexcept>

#include "dataset/image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace coco_mcu;
  // Small pictures have every fault that large ones have, and are decoded a thousand times faster.
  constexpr dataset::ImageLimits kLimits = {.min_side = 1, .max_side = 512, .max_pixels = 16384};
  try {
    const dataset::Image image = dataset::decode_image({data, size}, "fuzz", kLimits);
    core::Preprocessing preprocessing;
    preprocessing.height = 13;
    preprocessing.width = 17;
    if (dataset::prepare(image, preprocessing).rgb.size() != 13 * 17 * 3) std::abort();
  } catch (const std::runtime_error&) {
    return 0;
  }
  return 0;
}
