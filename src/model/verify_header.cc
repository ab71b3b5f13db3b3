// What a board checks of a model file. Freestanding.
#include <algorithm>
#include <cstring>

#include "core/crc32.h"
#include "model/header.h"
#include "model/verify.h"

namespace coco_mcu::model {

Refusal check_header(const std::uint8_t* bytes, std::size_t size) {
  if (size < sizeof(Header)) return whole_file("is too short for a model file; copy it again");
  Header header;
  std::memcpy(&header, bytes, sizeof(header));
  if (!std::equal(kMagic, kMagic + sizeof(kMagic), header.magic)) {
    return whole_file("is not a coco_mcu model; give a .cmcu file");
  }
  if (header.version != kVersion) {
    return whole_file("has a format version this program does not know; lower it again");
  }
  if (header.file_bytes != size)
    return whole_file("is truncated or has bytes behind its end; copy it again");
  if (reinterpret_cast<std::uintptr_t>(bytes) % kAlignment != 0) {
    return whole_file("does not begin at a multiple of 16 bytes in memory; align it");
  }
  if (core::crc32(bytes + sizeof(Header), size - sizeof(Header)) != header.crc32) {
    return whole_file("is damaged (its checksum is wrong); copy it again");
  }
  return {};
}

}  // namespace coco_mcu::model
