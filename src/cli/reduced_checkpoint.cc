#include "cli/reduced_checkpoint.h"

#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "network/zoo/zoo.h"
#include "training/quantization_policy.h"

namespace coco_mcu::cli {
namespace {

// Keys of a model's provenance, and what they say.
constexpr const char* kRemoval = "removal_of_dead_channels";
constexpr const char* kExactRemoval = "exact";
constexpr const char* kNoRemoval = "none";
constexpr const char* kPruneBelow = "prune_below";

/// The quantizers that the checkpoint was trained with, and their ranges.
lowering::TrainedQuantizers quantizers_of(const network::Checkpoint& checkpoint,
                                          const network::Network& network) {
  lowering::TrainedQuantizers quantizers;
  for (const auto& placement : training::quantization_policy(checkpoint.quantization, network)) {
    const std::string name = training::quantizer_name(network, placement);
    quantizers.push_back({.node = network.nodes[placement.node].name,
                          .is_weight = placement.site == training::QuantizedSite::kWeight,
                          .bits = placement.options.bits,
                          .narrow_range = placement.options.narrow_range,
                          .minimum = checkpoint.tensors.at(name + ".min").values.at(0),
                          .maximum = checkpoint.tensors.at(name + ".max").values.at(0)});
  }
  return quantizers;
}

}  // namespace

std::unique_ptr<training::FloatNetwork> ReducedCheckpoint::open() const {
  return training::open_float_network(network, checkpoint);
}

ReducedCheckpoint read_reduced_checkpoint(const std::filesystem::path& folder,
                                          const lowering::ReduceOptions& options) {
  ReducedCheckpoint result;
  result.checkpoint = network::read_checkpoint(folder);
  const network::Network whole = network::zoo_entry(result.checkpoint.network).build();
  network::check_fits(result.checkpoint, whole);
  result.quantizers = quantizers_of(result.checkpoint, whole);
  lowering::ReducedNetwork reduced =
      lowering::reduce(whole, result.checkpoint.tensors, result.quantizers,
                       result.checkpoint.preprocessing, options);
  result.network = std::move(reduced.network);
  result.checkpoint.tensors = std::move(reduced.tensors);
  result.report = std::move(reduced.report);
  return result;
}

void record_reduction(const lowering::ReduceOptions& options,
                      std::map<std::string, std::string>& provenance) {
  provenance[kRemoval] = options.exact_removal ? kExactRemoval : kNoRemoval;
  if (options.prune_below > 0) provenance[kPruneBelow] = fmt::format("{}", options.prune_below);
}

lowering::ReduceOptions recorded_reduction(const model::View& model) {
  lowering::ReduceOptions options;
  for (int i = 0; i < model.provenance_count(); ++i) {
    const model::ProvenanceEntry entry = model.provenance(i);
    if (entry.key == std::string_view(kRemoval)) {
      options.exact_removal = entry.value != std::string_view(kNoRemoval);
    } else if (entry.key == std::string_view(kPruneBelow)) {
      const std::string_view text = entry.value;
      std::from_chars(text.data(), text.data() + text.size(), options.prune_below);
    }
  }
  return options;
}

}  // namespace coco_mcu::cli
