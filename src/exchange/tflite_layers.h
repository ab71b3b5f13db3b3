// Operators of TensorFlow Lite, one family in each file, as layers of an integer model.
#pragma once

#include "exchange/tflite_scope.h"

namespace coco_mcu::exchange {

// Each appends layers to the scope's model, or says what the operator's output is of layers that
// there are. Throws std::runtime_error naming file and operator, the reason and the remedy.

/// CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED.
void take_tflite_convolution(TfliteScope& scope, const TfliteOperator& op);

/// AVERAGE_POOL_2D, MEAN, MAX_POOL_2D.
void take_tflite_average(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_mean(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_max_pool(TfliteScope& scope, const TfliteOperator& op);

/// ADD, MUL, the activations that stand by themselves.
void take_tflite_add(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_mul(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_curve(TfliteScope& scope, const TfliteOperator& op);

/// CONCATENATION, RESHAPE, RESIZE_NEAREST_NEIGHBOR, SLICE, PAD.
void take_tflite_concatenation(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_reshape(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_resize(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_slice(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_pad(TfliteScope& scope, const TfliteOperator& op);

/// CAST of codes to int32, ADD of a constant to those, GATHER of a table by them.
void take_tflite_cast(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_shift(TfliteScope& scope, const TfliteOperator& op);
void take_tflite_gather(TfliteScope& scope, const TfliteOperator& op);

}  // namespace coco_mcu::exchange
