// What single channels of a float network do on pictures: their mean and variance.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lowering/calibration.h"
#include "lowering/kernel_pairs.h"
#include "training/float_network.h"

namespace coco_mcu::cli {

/// Of the outputs of the named nodes, over all places of all pictures. Shows how far it has come.
/// Throws std::runtime_error for a picture that cannot be read.
std::map<std::string, lowering::ChannelStatistics> channel_statistics(
    const training::FloatNetwork& network, const std::vector<std::string>& nodes,
    const std::vector<std::filesystem::path>& pictures);

/// The attention masks, which are what multiplies a tensor of the same height and width, with the
/// mean of each channel: what ReduceOptions::held takes to see what is left without attention.
lowering::ChannelMeans mask_means(const training::FloatNetwork& network,
                                  const std::vector<std::filesystem::path>& pictures);

}  // namespace coco_mcu::cli
