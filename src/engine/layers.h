// From a model's layers to the parameters of kernels. Freestanding.
#pragma once

#include "kernels/common.h"
#include "kernels/kernels.h"
#include "model/view.h"

namespace coco_mcu::engine {

/// A convolution or a depthwise one. A 1x1 convolution with stride 1 is one row of all its pixels.
kernels::Convolution convolution_of(const model::OperatorView& layer,
                                    const model::OperatorView& input);

/// Rows of the output that a kernel is asked for, see convolution_of.
std::int32_t kernel_rows(const model::OperatorView& layer);

const kernels::ConvolutionKernel& kernel_of(const kernels::Backend& backend,
                                            model::OperatorKind kind,
                                            const kernels::Convolution& layer);

kernels::Multiply multiply_of(const model::OperatorView& layer, const model::OperatorView& x,
                              const model::OperatorView& by);

kernels::Add add_of(const model::OperatorView& layer, const model::OperatorView& x,
                    const model::OperatorView& y);

kernels::MaxPool max_pool_of(const model::OperatorView& layer, const model::OperatorView& input);

kernels::Concatenation concatenation_of(const model::OperatorView& layer,
                                        const model::OperatorView& x, const model::OperatorView& y);

}  // namespace coco_mcu::engine
