// Model files on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "model/verify.h"
#include "model/view.h"

namespace coco_mcu::model {

/// A verified model file in memory.
class ModelFile {
 public:
  /// Throws std::runtime_error with `name`, the layer, the reason and the remedy where verify()
  /// refuses the bytes.
  ModelFile(std::vector<std::uint8_t> bytes, const std::string& name);

  View view() const { return View(bytes_.data()); }
  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;  // the allocator's alignment is at least kAlignment
};

/// Reads and verifies a file. Throws std::runtime_error naming the file, the reason and the remedy.
ModelFile read_model(const std::filesystem::path& path);

/// "model.cmcu: layer bneck4.expand: shape does not follow from its input's; lower the network
/// again"
std::string refusal_text(const Refusal& refusal, std::span<const std::uint8_t> bytes,
                         const std::string& name);

}  // namespace coco_mcu::model
