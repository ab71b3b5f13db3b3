// What has become of each picture of a build so far: a file that grows by a line per picture, so
// that a build that was interrupted goes on where it stopped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace coco_mcu::dataset {

enum class Fate : std::uint8_t { kKept, kDuplicate, kMissing, kUnreadable };

struct PictureOutcome {
  Fate fate = Fate::kKept;
  std::string sha256{};      // of the file, where it could be read
  int height = 0;            // pixels, upright, as decoded
  int width = 0;             // pixels
  std::uint64_t bytes = 0;   // of the file
  std::uint64_t record = 0;  // bytes that a kept picture takes in its shard
  std::size_t same_as = 0;   // of a duplicate: the picture that was kept
  std::string reason{};      // why it is unreadable
};

class BuildJournal {
 public:
  /// Opens the journal of the build whose plan has this digest, or begins one. Lines that a kill
  /// has cut are dropped; a journal of another plan is begun anew.
  BuildJournal(std::filesystem::path file, const std::string& digest);

  /// In the order of the plan's pictures.
  const std::vector<PictureOutcome>& outcomes() const { return outcomes_; }
  /// Throws std::runtime_error where the disk is full.
  void append(PictureOutcome outcome);
  /// Forgets everything: what it speaks of is gone.
  void restart();

 private:
  void read();

  std::filesystem::path file_;
  std::string digest_;
  std::vector<PictureOutcome> outcomes_;
  std::ofstream stream_;
};

}  // namespace coco_mcu::dataset
