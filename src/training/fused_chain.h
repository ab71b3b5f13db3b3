// The part of a layer between a convolution and the next one, as one function with a gradient of
// its own: batch norm or a multiplication, fake quantization, activation, fake quantization. It
// reads its input twice and writes once; libtorch's own operations would do so for each part.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "network/network.h"
#include "training/libtorch.h"

namespace coco_mcu::training {

/// 256 codes over [minimum, maximum], both scalar tensors; undefined tensors: not quantized. The
/// grid is fake_quantizer.h's nudge() at 8 bits. Where the scalars require gradients the range is
/// learned: with u = (x - low) / scale and q = round(u), y's derivative to maximum is (q - u) / 255
/// inside, 1 above, 0 below, to minimum (u - q) / 255 inside, 0 above, 1 below; these gradients are
/// multiplied by 1 / sqrt(elements of x for one picture * 255) (LSQ's gradient scale). To x it is 1
/// inside and 0 outside.
struct ChainQuantizer {
  torch::Tensor minimum;
  torch::Tensor maximum;
  /// Values of the two, for ranges in a GPU's memory: asking for them would wait for the GPU.
  std::optional<std::pair<float, float>> known = std::nullopt;
  /// False: the grid is minimum + code * (maximum - minimum) / 255 as it stands, for ranges that
  /// are ends of a grid already. A mask's 1..2 does not hold zero.
  bool is_nudged = true;

  bool is_active() const { return minimum.defined(); }
};

struct Chain {
  ChainQuantizer before = {};                    // in front of the activation
  network::Op activation = network::Op::kInput;  // kInput: none; else one of the five functions
  ChainQuantizer after = {};
};

/// Adds a tensor up over all processes of a training, in place, in the same order everywhere.
using SumOverProcesses = std::function<void(torch::Tensor&)>;

struct BatchNorm {
  torch::Tensor weight;        // [channels]
  torch::Tensor bias;          // [channels]
  torch::Tensor running_mean;  // [channels]; updated in place while training
  torch::Tensor running_var;   // [channels]; with the unbiased variance, as libtorch does
  bool use_batch_statistics = true;
  double momentum = 0.99;  // share of the old running statistics that is kept
  double epsilon = 0.001;
  /// Empty: this process alone. Called once forward and once backward, for what the gradient of x
  /// needs; the gradients of weight, bias and ranges are those of this process's pictures.
  SumOverProcesses sum;
};

/// chain(batch_norm(x)). x is [pictures, channels, height, width]; float32 in channels-last order
/// on the processor is fast, anything else is computed by libtorch's operations.
torch::Tensor batch_norm_chain(const torch::Tensor& x, const BatchNorm& norm, const Chain& chain);

/// chain(x * gate); gate is [pictures, channels, 1, 1] or of x's shape.
torch::Tensor multiply_chain(const torch::Tensor& x, const torch::Tensor& gate, const Chain& chain);

/// chain(x).
torch::Tensor apply_chain(const torch::Tensor& x, const Chain& chain);

}  // namespace coco_mcu::training
