// Builds a Visual Wake Words data set: TFRecord shards, annotations and an account of both.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "dataset/build_plan.h"

namespace coco_mcu::dataset {

/// Hears what is being done ("build", "check") and how much of it.
using WorkProgress =
    std::function<void(const char* activity, std::int64_t done, std::int64_t total)>;

/// Fills the folder options.out: pictures-SSSSS-of-NNNNN.tfrecord, where kept picture i is in shard
/// i modulo N, annotations.json and dataset.json, all described in docs/dataset.md. Pictures that
/// are missing or unreadable and files that are there twice are left out and listed. One picture is
/// in memory for each thread or two.
///
/// The folder appears under its name when it is complete and every record was read again; until
/// then the work stands in OUT.part, and the same call goes on there after an interruption, with
/// the result of an unbroken one. A folder that is complete already is left as it is.
///
/// Returns what dataset.json holds. Throws std::runtime_error: whatever plan_build refuses, a
/// folder that holds something else, a full disk, no picture that can be used, with options.strict
/// the first that cannot.
std::string build_data_set(const BuildOptions& options, const WorkProgress& progress);

}  // namespace coco_mcu::dataset
