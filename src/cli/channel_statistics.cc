#include "cli/channel_statistics.h"

#include <cstdint>
#include <utility>

#include "dataset/image.h"
#include "report/progress.h"

namespace coco_mcu::cli {
namespace {

/// Welford's running mean and sum of squared distances (1962), of one channel.
struct Moments {
  std::int64_t count = 0;
  double mean = 0.0;
  double squares = 0.0;

  void add(double value) {
    ++count;
    const double distance = value - mean;
    mean += distance / static_cast<double>(count);
    squares += distance * (value - mean);
  }
};

}  // namespace

std::map<std::string, lowering::ChannelStatistics> channel_statistics(
    const training::FloatNetwork& network, const std::vector<std::string>& nodes,
    const std::vector<std::filesystem::path>& pictures) {
  std::vector<std::vector<Moments>> moments(nodes.size());
  report::Progress progress("statistics", static_cast<std::int64_t>(pictures.size()));
  for (const std::filesystem::path& file : pictures) {
    const auto pixels = dataset::prepare(dataset::read_image(file), network.preprocessing()).rgb;
    const std::vector<training::NodeOutput> outputs = network.outputs(pixels, nodes);
    for (std::size_t node = 0; node < nodes.size(); ++node) {
      const auto channels = static_cast<std::size_t>(outputs[node].shape.channels);
      moments[node].resize(channels);
      for (std::size_t i = 0; i < outputs[node].values.size(); ++i) {
        moments[node][i % channels].add(outputs[node].values[i]);
      }
    }
    progress.advance();
  }
  progress.finish();
  std::map<std::string, lowering::ChannelStatistics> statistics;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    lowering::ChannelStatistics& each = statistics[nodes[node]];
    for (const Moments& channel : moments[node]) {
      each.mean.push_back(channel.mean);
      each.variance.push_back(channel.squares / static_cast<double>(channel.count));
    }
  }
  return statistics;
}

lowering::ChannelMeans mask_means(const training::FloatNetwork& network,
                                  const std::vector<std::filesystem::path>& pictures) {
  std::vector<std::string> masks;
  const std::vector<network::Node>& nodes = network.description().nodes;
  for (const network::Node& node : nodes) {
    if (node.op != network::Op::kMultiply) continue;
    const network::Node& factor = nodes[node.inputs[1]];
    if (factor.output == node.output) masks.push_back(factor.name);
  }
  lowering::ChannelMeans means;
  if (masks.empty()) return means;
  for (auto& [name, statistics] : channel_statistics(network, masks, pictures)) {
    means[name] = std::move(statistics.mean);
  }
  return means;
}

}  // namespace coco_mcu::cli
