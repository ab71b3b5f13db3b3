// A network as a libtorch module, built by walking its description.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "network/network.h"
#include "network/quantizer.h"
#include "training/fake_quantizer.h"
#include "training/fused_chain.h"
#include "training/libtorch.h"
#include "training/range_quantizer.h"
#include "training/step_quantizer.h"

namespace coco_mcu::training {

/// A learned step for each output channel of a kernel: the parameter "step".
class StepQuantizer : public torch::nn::Module {
 public:
  StepQuantizer(const torch::Tensor& weight, core::WeightFormat format);

  torch::Tensor quantize(const torch::Tensor& weight) const;
  /// Keeps the steps positive: after each step of the optimizer.
  void constrain();

  const torch::Tensor& step() const { return step_; }
  core::WeightFormat format() const { return format_; }

 private:
  core::WeightFormat format_;
  torch::Tensor step_;
};

/// Tensors are [pictures, channels, height, width] in channels-last memory order, float32.
/// Parameters and buffers carry the names of network::parameters, those of quantizers
/// quantizer_name() + ".step", ".min" and ".max": together they are the checkpoint. A fresh module
/// has random weights (He et al. 2015) and learned ranges that wait for a calibration; train() and
/// eval() act on batch norm, dropout and tracked ranges.
class NetworkModule : public torch::nn::Module {
 public:
  NetworkModule(network::Network description, network::Quantizers quantizers);

  /// Normalized pictures in, the output of the last node out: [pictures, labels, 1, 1].
  torch::Tensor forward(const torch::Tensor& pictures) const;
  /// What the softmax at the network's end is given: [pictures, labels].
  torch::Tensor logits(const torch::Tensor& pictures) const;

  /// How passes compute, beside train() and eval().
  struct Mode {
    bool quantize = true;  // false: no quantizer acts, tracked ranges move all the same
    /// Learned ranges become those of the pictures since calibration began; activations pass on as
    /// they are, weights are quantized.
    bool calibrate = false;
    double batch_norm_momentum = network::kBatchNormMomentum;  // share of the old that is kept
    bool use_batch_statistics = true;  // in training; false freezes batch norm
    /// What is dropped from a picture is a function of this and of its number in the whole batch.
    std::uint64_t dropout_key = 0;
    std::int64_t first_picture = 0;
    SumOverProcesses sum;          // of batch norm's sums; empty: this process alone
    LargestOverProcesses largest;  // of ranges
  };
  void set_mode(Mode mode);

  /// Steps stay positive, ranges hold zero: after each step of an optimizer.
  void constrain();

  struct LearnedStep {
    std::string name;  // of the quantizer
    torch::Tensor weight;
    torch::Tensor step;
    core::WeightFormat format;
  };
  std::vector<LearnedStep> learned_steps() const;

  /// Counts, while it is on, what quantizers cut off: passes take longer.
  void watch_saturation(bool on);
  /// By output quantizer, the share of values outside of its range in the last pass.
  const std::map<std::string, double>& saturation() const { return saturation_; }

  /// What a forward pass in the present mode computes at one node.
  struct Observation {
    network::NodeId node = 0;
    bool before_quantizer = false;  // what the node's output quantizer is given
  };
  /// In float32, whatever the module computes in.
  std::vector<torch::Tensor> observe(const torch::Tensor& pictures,
                                     const std::vector<Observation>& wanted) const;

  /// The part of the network behind node `from`: given that node's output, the output of node `to`,
  /// without quantizers, with gradients.
  torch::Tensor float_tail(const torch::Tensor& output_of_from, network::NodeId from,
                           network::NodeId to) const;

  /// Quantizes the weights and folds batch norm into them for `infer`. Where activations have
  /// ranges it makes the module one of doubles instead: what rounds to a code must not depend on
  /// how float32 rounds sums, since integers do not. To be called again whenever the weights have
  /// changed.
  void prepare_inference();

  /// The same result as `forward` in evaluation mode (to float rounding), faster, without
  /// gradients. Several threads may call it at a time.
  torch::Tensor infer(const torch::Tensor& pictures) const;

  const network::Network& description() const { return description_; }
  const network::Quantizers& quantizers() const { return quantizers_; }

 private:
  /// What a node holds; undefined or null where it has none.
  struct Layer {
    torch::Tensor weight;
    torch::Tensor bias;
    torch::Tensor running_mean;
    torch::Tensor running_var;
    std::shared_ptr<StepQuantizer> weight_step;
    std::shared_ptr<FakeQuantizer> tracked_weight;
    std::shared_ptr<RangeQuantizer> output_range;
    std::shared_ptr<FakeQuantizer> tracked_output;
    // For infer: of a convolution, its quantized weight and its bias, with batch norm folded in.
    torch::Tensor inference_weight;
    torch::Tensor inference_bias;
    bool is_folded = false;  // of a batch norm: its convolution does its work
  };
  using Tensors = std::vector<torch::Tensor>;

  torch::nn::Module& submodule(const std::string& dotted_name);
  void register_layers();
  void register_quantizer(const network::Quantizer& quantizer);

  torch::Tensor quantized_weight(const Layer& layer) const;
  torch::Tensor drop_out(network::NodeId id, const torch::Tensor& x) const;
  BatchNorm batch_norm_of(const Layer& layer) const;
  torch::Tensor convolution(network::NodeId id, const torch::Tensor& x, bool quantize) const;
  /// One node without its output quantizer.
  torch::Tensor compute(network::NodeId id, const Tensors& inputs, bool quantize) const;
  torch::Tensor quantize_output(network::NodeId id, const torch::Tensor& x) const;
  /// Fetches all ranges from a GPU at once; on the processor there is nothing to do.
  void read_ranges() const;

  bool fuses() const { return !watches_saturation_ && !mode_.calibrate; }
  /// The activation that is computed together with the node in front of it; the node itself where
  /// there is none.
  network::NodeId end_of_chain(network::NodeId id) const;
  Chain chain_of(network::NodeId head, network::NodeId end) const;
  torch::Tensor compute_chain(network::NodeId head, network::NodeId end,
                              const Tensors& inputs) const;

  torch::Tensor infer_node(network::NodeId id, const Tensors& inputs) const;
  /// Drops the tensors that no node after `id` reads.
  void release_dead(network::NodeId id, Tensors& values) const;

  network::Network description_;
  network::Quantizers quantizers_;
  std::vector<Layer> layers_;                          // one for each node
  std::vector<std::vector<network::NodeId>> readers_;  // of each node
  std::vector<network::NodeId> last_readers_;  // of each node; its own id where nothing reads it
  Mode mode_;
  bool watches_saturation_ = false;
  mutable std::map<std::string, double> saturation_;  // seen by passes, which change nothing else
  bool quantizes_activations_ = false;                // on ranges
  torch::ScalarType type_ = torch::kFloat;            // of all that it computes
};

/// RGB bytes [pictures, height, width, 3] to normalized input, channels last.
torch::Tensor normalize(const torch::Tensor& bytes, const float (&mean)[3],
                        const float (&deviation)[3]);

}  // namespace coco_mcu::training
