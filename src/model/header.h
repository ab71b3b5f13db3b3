// The first 16 bytes of a model file. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::model {

constexpr char kMagic[4] = {'C', 'M', 'C', 'U'};
constexpr std::uint32_t kVersion = 3;

/// Weights, and the file itself in memory, begin at multiples of this many bytes.
constexpr std::size_t kAlignment = 16;

/// The next multiple of kAlignment, in bytes.
template <typename Integer>
constexpr Integer align_up(Integer offset) {
  constexpr auto kUnit = static_cast<Integer>(kAlignment);
  return (offset + kUnit - 1) / kUnit * kUnit;
}

/// The offset of a table that is not there.
constexpr std::uint32_t kNoTable = 0xFFFFFFFFU;

/// Little-endian, as everything in the file.
struct Header {
  char magic[4] = {};
  std::uint32_t version = 0;
  std::uint32_t file_bytes = 0;  // of the whole file
  std::uint32_t crc32 = 0;       // of everything behind the header
};

static_assert(sizeof(Header) == kAlignment);

}  // namespace coco_mcu::model
