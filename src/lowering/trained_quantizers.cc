#include "lowering/trained_quantizers.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace coco_mcu::lowering {

using network::QuantizedTensor;
using network::Quantizer;
using network::QuantizerKind;

namespace {

const std::vector<float>& stored(const network::Tensors& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.values.empty()) {
    throw std::invalid_argument(
        fmt::format("quantizer tensor {}: is missing; give the whole checkpoint", name));
  }
  return found->second.values;
}

[[noreturn]] void refuse(const Quantizer& quantizer, std::string_view reason) {
  throw std::invalid_argument(fmt::format("quantizer {}: {}; give the checkpoint as it was trained",
                                          quantizer_name(quantizer), reason));
}

TrainedQuantizer with_tensors(const Quantizer& quantizer, const network::Tensors& tensors) {
  TrainedQuantizer trained{.quantizer = quantizer};
  const std::string name = quantizer_name(quantizer);
  if (quantizer.kind == QuantizerKind::kLearnedStep) {
    trained.steps = stored(tensors, name + ".step");
    const auto is_step = [](float step) { return std::isfinite(step) && step > 0.0F; };
    if (!std::ranges::all_of(trained.steps, is_step)) refuse(quantizer, "has a step of no size");
    return trained;
  }
  trained.minimum = stored(tensors, name + ".min")[0];
  trained.maximum = stored(tensors, name + ".max")[0];
  if (!std::isfinite(trained.minimum) || !std::isfinite(trained.maximum)) {
    refuse(quantizer, "has a range that is not finite");
  }
  return trained;
}

void put_on_steps(const TrainedQuantizer& quantizer, std::vector<float>& weights) {
  const std::size_t rows = quantizer.steps.size();
  if (rows == 0 || weights.size() % rows != 0) {
    refuse(quantizer.quantizer, fmt::format("{} steps for {} weights", rows, weights.size()));
  }
  const std::size_t row_size = weights.size() / rows;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] =
        step_quantize(weights[i], quantizer.steps[i / row_size], quantizer.quantizer.format);
  }
}

}  // namespace

TrainedQuantizers trained_quantizers(const network::Quantizers& quantizers,
                                     const network::Tensors& tensors) {
  TrainedQuantizers trained;
  for (const Quantizer& each : quantizers) trained.push_back(with_tensors(each, tensors));
  return trained;
}

const TrainedQuantizer* find_quantizer(const TrainedQuantizers& quantizers, std::string_view node,
                                       QuantizedTensor tensor) {
  const auto found = std::ranges::find_if(quantizers, [&](const TrainedQuantizer& each) {
    return each.quantizer.node == node && each.quantizer.tensor == tensor;
  });
  return found == quantizers.end() ? nullptr : &*found;
}

QuantizationGrid grid_of(const TrainedQuantizer& trained) {
  const Quantizer& quantizer = trained.quantizer;
  if (trained.minimum >= trained.maximum) return {};
  const float lowest = quantizer.narrow_range ? 1.0F : 0.0F;
  const auto highest = static_cast<float>((1 << quantizer.bits) - 1);
  const float scale = (trained.maximum - trained.minimum) / (highest - lowest);
  if (quantizer.kind == QuantizerKind::kFixedRange) {
    return {scale, trained.minimum, trained.maximum, highest / (trained.maximum - trained.minimum)};
  }
  const float zero_point =
      std::clamp(std::round(lowest - trained.minimum / scale), lowest, highest);
  return {scale, (lowest - zero_point) * scale, (highest - zero_point) * scale, 1.0F / scale};
}

double precise_scale(const TrainedQuantizer& trained) {
  constexpr double kHighestCode = 255.0;
  return (double{trained.maximum} - double{trained.minimum}) / kHighestCode;
}

float fake_quantize(float x, const QuantizationGrid& grid) {
  if (grid.scale == 0.0F) return 0.0F;
  const float clamped = std::clamp(x, grid.low, grid.high);
  return std::floor((clamped - grid.low) * grid.inverse + 0.5F) * grid.scale + grid.low;
}

float step_quantize(float weight, float step, core::WeightFormat format) {
  const float u = weight / step;
  switch (format) {
    case core::WeightFormat::kTernary2:
      return step * std::clamp(std::nearbyint(u), -1.0F, 1.0F);
    case core::WeightFormat::kFourLevel2:
      return step * 0.5F * (2.0F * std::clamp(std::floor(u), -2.0F, 1.0F) + 1.0F);
    case core::WeightFormat::kSigned4:
      return step * std::clamp(std::nearbyint(u), -7.0F, 7.0F);
    case core::WeightFormat::kSigned8:
      return step * std::clamp(std::nearbyint(u), -127.0F, 127.0F);
  }
  return weight;
}

network::Tensors effective_weights(const network::Tensors& tensors,
                                   const TrainedQuantizers& quantizers) {
  network::Tensors effective = tensors;
  for (const TrainedQuantizer& trained : quantizers) {
    const Quantizer& quantizer = trained.quantizer;
    if (quantizer.tensor != QuantizedTensor::kWeight) continue;
    const auto kernel = effective.find(quantizer.node + ".weight");
    if (kernel == effective.end()) refuse(quantizer, "the layer has no kernel");
    std::vector<float>& weights = kernel->second.values;
    if (quantizer.kind == QuantizerKind::kLearnedStep) {
      put_on_steps(trained, weights);
      continue;
    }
    const QuantizationGrid grid = grid_of(trained);
    for (float& weight : weights) weight = fake_quantize(weight, grid);
  }
  return effective;
}

}  // namespace coco_mcu::lowering
