// Channels of a network that say nothing: batch norm's gain has become zero, and with it every
// gradient that could bring them back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "training/network_module.h"

namespace coco_mcu::training {

/// Gains below this are dead: what passes such a channel is its bias.
constexpr double kDeadGain = 1e-3;

/// Channels of one batch norm.
struct ChannelCount {
  std::string layer;  // "bneck4.depthwise.batch_norm"
  std::int64_t dead = 0;
  std::int64_t channels = 0;
};

/// One entry for each batch norm, in the order of the nodes.
std::vector<ChannelCount> count_dead_channels(const NetworkModule& module);

/// Draws dead channels anew: the kernel of the convolution in front as in a fresh network (He et
/// al. 2015), batch norm as the identity, with the median gain of the layer's other channels. The
/// random numbers are those of torch::manual_seed. Returns what was drawn, layers without any left
/// out.
std::vector<ChannelCount> reinitialize_dead_channels(NetworkModule& module);

/// Sets the gains of dead channels to exactly zero: lowering removes such channels.
void silence_dead_channels(NetworkModule& module);

/// Keeps gains that are exactly zero there over one step of an optimizer.
class SilentChannels {
 public:
  explicit SilentChannels(const NetworkModule& module);

  void before_step();
  void after_step();

 private:
  std::vector<torch::Tensor> gains_;
  std::vector<torch::Tensor> sounding_;  // 0 or 1 for each gain, from before_step()
};

}  // namespace coco_mcu::training
