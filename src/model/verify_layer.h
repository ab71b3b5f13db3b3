// The part of verify() that looks at layers: references, shapes, numbers. See verify.h.
#pragma once

#include "model/verify.h"

namespace coco_mcu::model {

namespace file {
struct Model;
}

/// `model` has passed FlatBuffers' own verifier and lacks no part.
Refusal verify_layers(const file::Model& model);

}  // namespace coco_mcu::model
