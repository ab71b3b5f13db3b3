// A network of the zoo as a libtorch module, built by walking its description.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "network/network.h"
#include "network/quantizer.h"
#include "training/fake_quantizer.h"
#include "training/libtorch.h"

namespace coco_mcu::training {

/// Tensors are [pictures, channels, height, width] in channels-last memory order, float32.
/// Parameters and buffers carry the names of network::parameters, the ranges of quantizers those of
/// quantizer_name + ".min" and ".max": together they are the checkpoint. A fresh module has random
/// weights (He et al. 2015); train() and eval() act on batch norm, dropout and the quantizers.
class NetworkModule : public torch::nn::Module {
 public:
  NetworkModule(network::Network description, const network::Quantizers& quantizers);

  /// Normalized pictures in, the output of the last node out: [pictures, labels, 1, 1].
  torch::Tensor forward(const torch::Tensor& pictures);

  /// What a forward pass in the present mode computes at one node.
  struct Observation {
    network::NodeId node = 0;
    bool before_quantizer = false;  // what the node's output quantizer is given
  };
  std::vector<torch::Tensor> observe(const torch::Tensor& pictures,
                                     const std::vector<Observation>& wanted);

  /// The part of the network behind node `from`: given that node's output, the output of node `to`,
  /// without quantizers, with gradients.
  torch::Tensor float_tail(const torch::Tensor& output_of_from, network::NodeId from,
                           network::NodeId to);

  /// Quantizes the weights and folds batch norm into them for `infer`. To be called again whenever
  /// the weights have changed.
  void prepare_inference();

  /// The same result as `forward` in evaluation mode (to float rounding), faster, without
  /// gradients. Several threads may call it at a time.
  torch::Tensor infer(const torch::Tensor& pictures) const;

  const network::Network& description() const { return description_; }

 private:
  /// What a node holds; undefined or null where it has none.
  struct Layer {
    torch::Tensor weight;
    torch::Tensor bias;
    torch::Tensor running_mean;
    torch::Tensor running_var;
    std::shared_ptr<FakeQuantizer> weight_quantizer;
    std::shared_ptr<FakeQuantizer> output_quantizer;
    // For infer: of a convolution, its quantized weight and its bias, with batch norm folded in.
    torch::Tensor inference_weight;
    torch::Tensor inference_bias;
    bool is_folded = false;  // of a batch norm: its convolution does its work
  };
  using Tensors = std::vector<torch::Tensor>;

  torch::nn::Module& submodule(const std::string& dotted_name);
  void register_layers();
  void register_quantizers(const network::Quantizers& quantizers);
  torch::Tensor compute(network::NodeId id, const Tensors& inputs, bool quantize);
  torch::Tensor infer_node(network::NodeId id, const Tensors& inputs) const;
  /// Drops the tensors that no node after `id` reads.
  void release_dead(network::NodeId id, Tensors& values) const;

  network::Network description_;
  std::vector<Layer> layers_;                  // one for each node
  std::vector<network::NodeId> last_readers_;  // of each node; its own id where nothing reads it
};

/// RGB bytes [pictures, height, width, 3] to normalized input, channels last.
torch::Tensor normalize(const torch::Tensor& bytes, const float (&mean)[3],
                        const float (&deviation)[3]);

}  // namespace coco_mcu::training
