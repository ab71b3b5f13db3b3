// A float checkpoint without what is dead in it: what lowering makes integers of, and what an
// integer model is held against.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "lowering/reduce.h"
#include "model/view.h"
#include "network/checkpoint.h"
#include "training/float_network.h"

namespace coco_mcu::cli {

struct ReducedCheckpoint {
  network::Network network;
  network::Checkpoint checkpoint;          // its tensors and quantizers are the reduced network's
  lowering::TrainedQuantizers quantizers;  // of the whole network
  lowering::ReductionReport report;

  std::unique_ptr<training::FloatNetwork> open() const;
};

/// Throws std::runtime_error where the folder is no checkpoint.
ReducedCheckpoint read_reduced_checkpoint(const std::filesystem::path& folder,
                                          const lowering::ReduceOptions& options);

/// Writes into a model's provenance how its network was reduced.
void record_reduction(const lowering::ReduceOptions& options,
                      std::map<std::string, std::string>& provenance);

/// How the network of a model was reduced, as its provenance says.
lowering::ReduceOptions recorded_reduction(const model::View& model);

}  // namespace coco_mcu::cli
