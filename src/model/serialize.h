// An integer model to the bytes of its file, and back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/integer_model.h"

namespace coco_mcu::model {

/// The whole file. Numbers that occur twice (tables, mostly) are stored once. The caller verifies.
std::vector<std::uint8_t> serialize(const IntegerModel& model);

/// The model that a verified file holds.
IntegerModel deserialize(std::span<const std::uint8_t> bytes);

}  // namespace coco_mcu::model
