// A float network as an ONNX file, for other people's runtimes.
#pragma once

#include <string>

#include "network/checkpoint.h"

namespace coco_mcu::exchange {

/// The bytes of an ONNX model (opset 13): input "input" float32 [1, channels, height, width] as the
/// network sees them (docs/arithmetic.md, "From pixels to the network's input"), output
/// "probabilities" [1, labels]. Throws std::invalid_argument where the checkpoint has fake
/// quantizers, std::runtime_error where it does not fit its network.
std::string export_onnx(const network::Checkpoint& checkpoint);

}  // namespace coco_mcu::exchange
