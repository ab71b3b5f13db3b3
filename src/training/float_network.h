// Float inference with a checkpoint, seen from outside the training library: no libtorch here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/preprocessing.h"
#include "network/checkpoint.h"
#include "network/network.h"

namespace coco_mcu::training {

/// One tensor of one picture, values in height, width, channel order.
struct NodeOutput {
  network::Shape shape;
  std::vector<float> values;
};

/// A coarse picture of where something is, rows x columns.
struct SpatialMap {
  std::string name;
  int rows = 0;
  int columns = 0;
  std::vector<float> values;
};

/// What a decision rests on.
struct Explanation {
  /// One for each attention branch: its mask (1..2) averaged over the channels.
  std::vector<SpatialMap> masks;
  /// How much each place of the last feature map adds to the logit of person minus that of no
  /// person: gradient times activation, summed over the channels (Selvaraju et al. 2017 without
  /// the rectifier).
  SpatialMap evidence;
};

/// A trained float network. Pictures are RGB bytes of the input size, height x width x 3, one after
/// the other. All calls are safe from several threads at a time; each call computes on the calling
/// thread alone.
class FloatNetwork {
 public:
  FloatNetwork() = default;
  FloatNetwork(const FloatNetwork&) = delete;
  FloatNetwork& operator=(const FloatNetwork&) = delete;
  virtual ~FloatNetwork() = default;

  virtual const network::Network& description() const = 0;
  virtual const core::Preprocessing& preprocessing() const = 0;

  /// The network's output, pictures x labels: probabilities.
  virtual std::vector<float> infer(std::span<const std::uint8_t> pictures) const = 0;

  /// Outputs of nodes or blocks for one picture, by name; with ".before_quantizer" behind a name,
  /// what the output quantizer of that node is given. An unknown name throws std::invalid_argument.
  virtual std::vector<NodeOutput> outputs(std::span<const std::uint8_t> picture,
                                          const std::vector<std::string>& names) const = 0;

  virtual Explanation explain(std::span<const std::uint8_t> picture) const = 0;
};

/// Opens a float checkpoint. The training library with libtorch is loaded by this call and not
/// before; where it was not built, or the checkpoint is not one, a std::runtime_error says so.
std::unique_ptr<FloatNetwork> open_float_network(const std::filesystem::path& checkpoint);

/// The same for a network in memory that need not be in the zoo, as lowering makes one: the
/// checkpoint's tensors are those of `description`, its quantization policy is applied to it.
std::unique_ptr<FloatNetwork> open_float_network(const network::Network& description,
                                                 const network::Checkpoint& checkpoint);

}  // namespace coco_mcu::training
