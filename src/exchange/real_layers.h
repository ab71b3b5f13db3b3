// The layers of an integer model in the terms that other people's formats have: int8 weights with a
// scale for each output channel, biases in units of the products, tables of codes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/integer_model.h"

namespace coco_mcu::exchange {

/// What a layer that is requantized computes before its table. A code means scale * (code -
/// zero_point).
struct RealLayer {
  float scale = 1.0F;
  int zero_point = 0;               // 0..255
  bool is_relu = false;             // codes below the zero point become it
  std::vector<std::uint8_t> table;  // from these codes to the output's, limits included; or empty

  // Convolution and depthwise: all channels, as many weights each as its window has.
  std::vector<std::int8_t> weights;  // output channel, row, column, input channel
  std::vector<float> weight_scales;  // one for each output channel
  std::vector<std::int32_t> biases;  // in units of input scale * weight scale
  std::vector<float> bias_scales;    // these units
};

/// Other formats keep zero points among the codes; what is beyond is added to the real number.
int stored_zero_point(const model::Operator& layer);
/// 1 for a mask of 1..2, whose zero point is -255; 0 for a tensor whose zero point is a code.
float addend(const model::Operator& layer);

/// Throws std::runtime_error naming the layer, the reason and the remedy where the layer's integers
/// do not follow from the scales of its tensors.
RealLayer real_layer(const model::IntegerModel& model, const model::Operator& layer);

/// The layer that makes input number `which` of `layer`.
const model::Operator& input_of(const model::IntegerModel& model, const model::Operator& layer,
                                std::size_t which = 0);

/// Throws std::runtime_error with the one line about a layer that other formats cannot have.
[[noreturn]] void refuse_export(const model::Operator& layer, std::string_view reason);

/// Whether the second operand of a multiply is one pixel, which other formats broadcast.
bool is_broadcast(const model::Operator& layer, const model::Operator& by);

}  // namespace coco_mcu::exchange
