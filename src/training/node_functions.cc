#include "training/node_functions.h"

#include <algorithm>

namespace coco_mcu::training {

using network::Node;
using network::Op;

torch::Tensor convolve(const Node& node, const torch::Tensor& x, const torch::Tensor& weight,
                       const torch::Tensor& bias) {
  const std::int64_t groups = node.op == Op::kDepthwiseConv ? x.size(1) : 1;
  // Zeros that the last windows reach into beyond the ones in front.
  const auto beyond = [&](std::int64_t size, int windows) {
    const std::int64_t end = (windows - 1) * node.stride - node.padding + node.kernel;
    return std::max<std::int64_t>(end - size - node.padding, 0);
  };
  const std::int64_t below = beyond(x.size(2), node.output.height);
  const std::int64_t right = beyond(x.size(3), node.output.width);
  if (below == 0 && right == 0) {
    return torch::conv2d(x, weight, bias, node.stride, node.padding, 1, groups);
  }
  const int before = node.padding;
  const torch::Tensor padded =
      torch::constant_pad_nd(x, {before, before + right, before, before + below});
  constexpr int kNone = 0;  // a plain 0 could be a null pointer to the name of a rule
  return torch::conv2d(padded, weight, bias, node.stride, kNone, 1, groups);
}

torch::Tensor plain_function(const Node& node, const std::vector<torch::Tensor>& inputs) {
  const torch::Tensor& x = inputs[0];
  const int factor = node.factor;
  switch (node.op) {
    case Op::kRelu:
      return torch::relu(x);
    case Op::kHardSwish:
      return torch::hardswish(x);
    case Op::kHardSigmoid:
      return torch::hardsigmoid(x);
    case Op::kSigmoidPlusOne:
      return torch::sigmoid(x) + 1.0;
    case Op::kMaxPool:
      return torch::max_pool2d(x, node.kernel, node.stride);
    case Op::kGlobalAveragePool:
      return torch::adaptive_avg_pool2d(x, {1, 1});
    case Op::kUpsample:
      return torch::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
    case Op::kCrop:
      return x.slice(2, node.offset).slice(3, node.offset);
    case Op::kAdd:
      return x + inputs[1];
    case Op::kMultiply:
      return x * inputs[1];
    case Op::kConcatenate:
      return torch::cat(inputs, 1);
    case Op::kSoftmax:
      return torch::softmax(x, 1);
    default:
      TORCH_CHECK(false, "layer ", node.name, " (", op_name(node.op), ") is not a plain function");
  }
}

}  // namespace coco_mcu::training
