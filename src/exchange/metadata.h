// What an exported file says beside its layers: labels, the decision, what is done to a picture.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "model/integer_model.h"

namespace coco_mcu::exchange {

using Metadata = std::map<std::string, std::string>;

/// The same in any format, as text.
Metadata metadata_of(const model::IntegerModel& model);

/// Where a file of integers goes on with the codes of a pixel: 3 times 256 bytes, R, G, B.
constexpr const char* kInputCodes = "input_codes";

/// Adds them, unless the model reads its codes as they are.
void add_input_codes(const model::IntegerModel& model, Metadata& metadata);

/// Takes all of it back where there are input codes: the model reads pixels then. Throws
/// std::runtime_error naming the file and the entry that is not as it was written.
void take_metadata(const Metadata& metadata, std::string_view file, model::IntegerModel& made);

}  // namespace coco_mcu::exchange
