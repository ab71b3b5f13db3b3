// From a model's layers to the parameters of kernels. Freestanding.
#pragma once

#include "kernels/common.h"
#include "kernels/kernels.h"
#include "model/view.h"

namespace coco_mcu::engine {

/// A convolution or a depthwise one, `rows_as_one` rows of it side by side taken as one.
kernels::Convolution convolution_of(const model::OperatorView& layer,
                                    const model::OperatorAttributes& input,
                                    std::int32_t rows_as_one);

/// Whether a layer looks at each code by itself.
constexpr bool takes_codes(model::OperatorKind kind) {
  return kind == model::OperatorKind::kInput || kind == model::OperatorKind::kAdd ||
         kind == model::OperatorKind::kLookup;
}

/// Rows that a kernel can take as one where tensors are whole: all of a pointwise
/// convolution, otherwise 1.
std::int32_t rows_at_once(const model::OperatorView& layer);

const kernels::ConvolutionKernel& kernel_of(const kernels::Backend& backend,
                                            model::OperatorKind kind,
                                            const kernels::Convolution& layer);

/// Who carries out a layer: additions and products of imported models are the reference's alone.
const kernels::Backend& backend_for(const kernels::Backend& best, const model::OperatorView& layer);

kernels::Multiply multiply_of(const model::OperatorView& layer, const model::OperatorAttributes& x,
                              const model::OperatorAttributes& by);

kernels::Add add_of(const model::OperatorView& layer, const model::OperatorAttributes& x,
                    const model::OperatorAttributes& y);

kernels::MaxPool max_pool_of(const model::OperatorView& layer,
                             const model::OperatorAttributes& input);

kernels::Concatenation concatenation_of(const model::OperatorView& layer,
                                        const model::OperatorAttributes& x,
                                        const model::OperatorAttributes& y);

}  // namespace coco_mcu::engine
