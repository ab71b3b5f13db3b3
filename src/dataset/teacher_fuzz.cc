// Any bytes are probabilities from 0 to 1, or an error in words.
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include "dataset/teacher.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coco_mcu::dataset::TeacherProbabilities teacher;
  try {
    // The bytes of a file are characters to a parser of text.
    teacher.add_text({reinterpret_cast<const char*>(data), size}, "fuzz", "a");
  } catch (const std::runtime_error&) {
    if (teacher.size() != 0) std::abort();
    return 0;
  }
  for (const char* picture : {"a.jpg", "b.jpg", ""}) {
    const auto probability = teacher.of(picture);
    if (probability && !(*probability >= 0.0 && *probability <= 1.0)) std::abort();
  }
  return 0;
}
