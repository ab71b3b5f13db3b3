// A quantized network as one would write it in libtorch alone: the peer of our fused functions.
#pragma once

#include <map>
#include <vector>

#include "training/network_module.h"

namespace coco_mcu {

/// The same layers, parameters and places of quantization as `module`, computed by libtorch's own
/// operations: fake_quantize_per_channel_affine for kernels, fake_quantize_per_tensor_affine for
/// activations, with scales and zero points taken from the module once. That is the faster of the
/// library's two kinds: the one with learned scales would cost more.
class LibraryModule {
 public:
  explicit LibraryModule(const training::NetworkModule& module);

  /// Normalized pictures in, [pictures, labels] out, with gradients.
  torch::Tensor logits(const torch::Tensor& pictures) const;

 private:
  struct Layer {
    torch::Tensor weight;
    torch::Tensor bias;
    torch::Tensor running_mean;
    torch::Tensor running_var;
    torch::Tensor weight_scale;  // [output channels] where the kernel is quantized
    torch::Tensor weight_zero;
    int lowest_level = 0;
    int highest_level = 0;
    bool has_output_quantizer = false;
    double output_scale = 1.0;
    int output_zero = 0;
  };

  torch::Tensor compute(network::NodeId id, const std::vector<torch::Tensor>& inputs) const;

  const network::Network& network_;
  std::vector<Layer> layers_;  // one for each node
};

}  // namespace coco_mcu
