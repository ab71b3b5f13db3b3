// The TFRecord files of a data set.
#pragma once

#include <filesystem>
#include <vector>

namespace coco_mcu::dataset {

/// The shards of a folder in the order of their names: NAME.tfrecord, NAME.record, or all N of one
/// set NAME-00000-of-0000N (with or without such an ending). Throws std::runtime_error: no folder,
/// no shards in it, some of a set missing, several sets (training and evaluation would be mixed).
std::vector<std::filesystem::path> list_shards(const std::filesystem::path& folder);

}  // namespace coco_mcu::dataset
