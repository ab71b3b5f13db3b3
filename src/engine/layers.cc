#include "engine/layers.h"

namespace coco_mcu::engine {
kernels::Convolution convolution_of(const model::OperatorView& layer,
                                    const model::OperatorAttributes& input,
                                    std::int32_t rows_as_one) {
  kernels::Convolution result;
  result.in_width = input.width * rows_as_one;
  result.in_channels = model::read_channels(layer, input);
  result.out_width = layer.width * rows_as_one;
  result.out_channels = model::made_channels(layer);
  result.kernel = layer.kernel;
  result.stride = layer.stride;
  result.padding = layer.padding;
  result.zero_point = input.zero_point;
  result.format = layer.format;
  result.weights = layer.weights;
  result.requantization = layer.requantization;
  return result;
}

std::int32_t rows_at_once(const model::OperatorView& layer) {
  const bool is_pointwise = layer.kind == model::OperatorKind::kConvolution && layer.kernel == 1 &&
                            layer.stride == 1 && layer.padding == 0;
  return is_pointwise ? layer.height : 1;
}

const kernels::ConvolutionKernel& kernel_of(const kernels::Backend& backend,
                                            model::OperatorKind kind,
                                            const kernels::Convolution& layer) {
  return kind == model::OperatorKind::kDepthwise ? backend.depthwise(layer)
                                                 : backend.convolution(layer);
}

const kernels::Backend& backend_for(const kernels::Backend& best,
                                    const model::OperatorView& layer) {
  const bool joins =
      layer.kind == model::OperatorKind::kAdd || layer.kind == model::OperatorKind::kMultiply;
  const bool is_imported = core::kUsesTwice && layer.requantization.twice != nullptr;
  return joins && is_imported ? kernels::kReferenceBackend : best;
}

kernels::Multiply multiply_of(const model::OperatorView& layer, const model::OperatorAttributes& x,
                              const model::OperatorAttributes& by) {
  kernels::Multiply result;
  result.width = layer.width;
  result.channels = layer.channels;
  result.zero_point = x.zero_point;
  result.by_zero_point = by.zero_point;
  result.factor = layer.factor;
  result.offset = layer.offset;
  result.requantization = layer.requantization;
  return result;
}

kernels::Add add_of(const model::OperatorView& layer, const model::OperatorAttributes& x,
                    const model::OperatorAttributes& y) {
  kernels::Add result;
  result.factors[0] = layer.factors[0];
  result.factors[1] = layer.factors[1];
  result.zero_points[0] = x.zero_point;
  result.zero_points[1] = y.zero_point;
  result.requantization = layer.requantization;
  return result;
}

kernels::MaxPool max_pool_of(const model::OperatorView& layer,
                             const model::OperatorAttributes& input) {
  kernels::MaxPool result;
  result.in_width = input.width;
  result.out_width = layer.width;
  result.channels = layer.channels;
  result.kernel = layer.kernel;
  result.stride = layer.stride;
  return result;
}

kernels::Concatenation concatenation_of(const model::OperatorView& layer,
                                        const model::OperatorAttributes& x,
                                        const model::OperatorAttributes& y) {
  kernels::Concatenation result;
  result.width = layer.width;
  result.channels[0] = x.channels;
  result.channels[1] = y.channels;
  result.tables[0] = layer.requantization.table;
  result.tables[1] = layer.second_table;
  return result;
}

}  // namespace coco_mcu::engine
