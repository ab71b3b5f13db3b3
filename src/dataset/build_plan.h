// Which pictures a data set is to be built of, before any of them is opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dataset/coco_annotations.h"
#include "dataset/example.h"

namespace coco_mcu::dataset {

/// A folder of pictures with their COCO annotations, or of which each has the same label.
struct BuildSource {
  std::filesystem::path images;
  std::filesystem::path annotations;  // instances JSON; empty: `label` is that of every picture
  bool label = false;
};

struct BuildOptions {
  std::vector<BuildSource> sources;
  VisualWakeWords rule;
  std::filesystem::path out;
  int shards = 10;
  std::filesystem::path ids;          // keep these annotated pictures alone; empty: all
  std::filesystem::path exclude_ids;  // leave these out; empty: none
  bool strict = false;                // a picture that is missing or unreadable ends it
  int threads = 0;                    // that decode; 0: one for each core
  std::string created_by = "coco-mcu dataset build";
};

struct PlannedPicture {
  Example example;  // `encoded` empty; height and width 0 where nothing annotates it
  std::filesystem::path file;
  std::size_t source = 0;  // in BuildOptions::sources
};

struct BuildPlan {
  std::vector<PlannedPicture> pictures;  // source after source, each in its own order
  std::size_t ids_not_found = 0;         // of the file of ids, in no annotations
  /// Of all that the result depends on but the pictures' bytes: SHA-256.
  std::string digest;
};

/// Where two pictures have the same id, the later one gets a free one. Throws std::runtime_error:
/// whatever read_annotated_examples and list_pictures refuse, a file of ids that is none, and where
/// no picture remains.
BuildPlan plan_build(const BuildOptions& options);

}  // namespace coco_mcu::dataset
