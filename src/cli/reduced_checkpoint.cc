#include "cli/reduced_checkpoint.h"

#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace coco_mcu::cli {
namespace {

// Keys of a model's provenance, and what they say.
constexpr const char* kRemoval = "removal_of_dead_channels";
constexpr const char* kExactRemoval = "exact";
constexpr const char* kNoRemoval = "none";
constexpr const char* kPruneBelow = "prune_below";

}  // namespace

std::unique_ptr<training::FloatNetwork> ReducedCheckpoint::open() const {
  return training::open_float_network(network, checkpoint);
}

ReducedCheckpoint read_reduced_checkpoint(const std::filesystem::path& folder,
                                          const lowering::ReduceOptions& options) {
  ReducedCheckpoint result;
  result.checkpoint = network::read_checkpoint(folder);
  const network::Network whole = network::network_of(result.checkpoint);
  network::check_fits(result.checkpoint, whole);
  result.quantizers =
      lowering::trained_quantizers(result.checkpoint.quantizers, result.checkpoint.tensors);
  lowering::ReducedNetwork reduced =
      lowering::reduce(whole, result.checkpoint.tensors, result.quantizers,
                       result.checkpoint.preprocessing, options);
  result.network = std::move(reduced.network);
  result.checkpoint.tensors = std::move(reduced.tensors);
  result.checkpoint.quantizers = std::move(reduced.quantizers);
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
