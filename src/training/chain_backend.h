// What a fused chain asks of whoever computes it: tensor operations, or loops over rows.
#pragma once

#include "training/chain_loops.h"
#include "training/libtorch.h"

namespace coco_mcu::training {

/// x * gain + shift. gain: [pictures or 1, channels]; shift: [1, channels]; in x's type.
struct ChannelMap {
  torch::Tensor gain;
  torch::Tensor shift;
};

/// x: [pictures, channels, height, width]; dy: the gradient of y, of x's shape; z = map(x).
class ChainBackend {
 public:
  virtual ~ChainBackend() = default;

  /// [2, channels], double: sums of x and of its squares.
  virtual torch::Tensor statistics(const torch::Tensor& x) const = 0;

  virtual torch::Tensor forward(const torch::Tensor& x, const ChannelMap& map,
                                const ChainFunctions& functions) const = 0;

  /// Sums of dz and of dz * x: [pictures, 2, channels], double. `ranges`: where not null, gets the
  /// sums over the inputs of the quantizers before and after: [2, 3], double, in RangeSums' order.
  virtual torch::Tensor backward_sums(const torch::Tensor& x, const torch::Tensor& dy,
                                      const ChannelMap& map, const ChainFunctions& functions,
                                      torch::Tensor* ranges) const = 0;

  /// dx = map.gain * dz + correction(x)
  virtual torch::Tensor backward_input(const torch::Tensor& x, const torch::Tensor& dy,
                                       const ChannelMap& map, const ChainFunctions& functions,
                                       const ChannelMap& correction) const = 0;
};

/// libtorch's own operations, one after the other: any device and memory order.
const ChainBackend& tensor_chain_backend();

/// Loops that read each tensor once: channels-last floats in the processor's memory.
const ChainBackend& row_chain_backend();

/// Loops on the GPU, one thread for each channel of some pixels: channels-last floats in CUDA's
/// memory. Null where the build has none (COCO_MCU_CUDA).
const ChainBackend* cuda_chain_backend();

/// The fastest one of those that can take x.
const ChainBackend& chain_backend_for(const torch::Tensor& x);

}  // namespace coco_mcu::training
