// Everything a model file could get wrong, checked before the first multiply. No heap, no
// exceptions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::model {

/// Layers that a model can have.
constexpr int kMaxLayers = 1024;

/// What is wrong with a file; `reason` is null where nothing is.
struct Refusal {
  const char* reason = nullptr;  // says what and what to do, without file and layer
  int layer = -1;                // index of the operator it was found at; -1: the file as a whole

  explicit operator bool() const { return reason != nullptr; }
};

inline Refusal whole_file(const char* reason) {
  return {reason, -1};
}

/// Magic, version, length, alignment in memory and checksum: what a board checks.
Refusal check_header(const std::uint8_t* bytes, std::size_t size);

/// The header and every offset, shape, bit width, weight code, table, accumulator bound, index and
/// the plan: after it, running the model on any picture stays within the arena and within int32.
Refusal verify(const std::uint8_t* bytes, std::size_t size);

}  // namespace coco_mcu::model
