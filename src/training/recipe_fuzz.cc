// Any bytes are a recipe that can be followed, or an error in words.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "training/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The bytes of a file are characters to a parser.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto recipe = coco_mcu::training::parse_recipe(text, "fuzz");
    if (recipe.stages.empty() || recipe.batch_size < 1 || recipe.hash.size() != 16) std::abort();
    for (const auto& stage : recipe.stages) {
      const double factor = coco_mcu::training::schedule_factor(stage.schedule, 7, 10, 3);
      if (!std::isfinite(factor) || factor < 0.0 || factor > 1.0) std::abort();
    }
  } catch (const std::runtime_error&) {
    return 0;
  }
  return 0;
}
