// Pictures made small for carrying to another machine.
#pragma once

#include <cstdint>
#include <filesystem>

#include "dataset/build.h"
#include "dataset/picture_source.h"

namespace coco_mcu::dataset {

struct PackOptions {
  std::filesystem::path out;
  int side = 320;    // pixels; pictures whose short side is longer are scaled down to it
  int quality = 90;  // of the JPEG files, 1..100
  std::uint64_t max_bytes = 55'000'000;  // of each shard
  int threads = 0;                       // 0: one for each core
};

struct PackResult {
  std::int64_t pictures = 0;
  std::int64_t shards = 0;
  std::uint64_t bytes = 0;
};

/// Writes the folder options.out of TFRecord shards, each filled up to max_bytes: the pictures
/// upright, as JPEG, without EXIF or other metadata; labels and boxes as they were. The folder
/// appears under its name when it is complete. Throws std::runtime_error for a picture that cannot
/// be read or does not fit a shard, a folder that is there already, a full disk.
PackResult pack_pictures(const PictureSource& pictures, const PackOptions& options,
                         const WorkProgress& progress);

}  // namespace coco_mcu::dataset
