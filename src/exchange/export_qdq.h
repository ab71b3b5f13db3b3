// An integer model as an ONNX file with QuantizeLinear and DequantizeLinear around each operator.
#pragma once

#include <string>

#include "model/integer_model.h"

namespace coco_mcu::exchange {

/// The bytes of an ONNX model (opset 13), input and output as export_onnx has them. Weights are
/// int8 with a scale for each output channel, activations uint8, curves are tables of codes
/// (Gather). Throws std::runtime_error naming the layer where its integers do not follow from its
/// scales.
std::string export_qdq(const model::IntegerModel& model);

}  // namespace coco_mcu::exchange
