#include "lowering/calibration.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>

#include <fmt/format.h>

#include "lowering/calibration_histogram.h"
#include "lowering/quantization_sites.h"
#include "lowering/quantize_curves.h"

namespace coco_mcu::lowering {

using network::Network;
using network::NodeId;

namespace {

constexpr double kPercentileShare = 0.9999;
constexpr CodeGrid kAnyGrid;  // of the input, which is not calibrated

/// What is kept of one node's values.
struct Watched {
  std::optional<Histogram> histogram;  // where its range is needed
  std::vector<double> sums;            // of each channel, where its means are needed
  double pixels = 0.0;                 // in the sums

  void add(std::span<const float> values, std::string_view layer) {
    try {
      if (histogram) histogram->add(values);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format(
          "layer {}: {}; look for such weights in the checkpoint", layer, error.what()));
    }
    if (sums.empty()) return;
    for (std::size_t i = 0; i < values.size(); ++i) sums[i % sums.size()] += values[i];
    pixels += static_cast<double>(values.size() / sums.size());
  }
};

Range range_by(RangeRule rule, const Histogram& histogram) {
  switch (rule) {
    case RangeRule::kMinMax:
      break;
    case RangeRule::kPercentile:
      return histogram.percentile(kPercentileShare);
    case RangeRule::kSquaredError:
      return histogram.least_squared_error();
  }
  return histogram.extremes();
}

}  // namespace

RangeRule range_rule(std::string_view name) {
  if (name == "minmax") return RangeRule::kMinMax;
  if (name == "percentile") return RangeRule::kPercentile;
  if (name == "squared-error") return RangeRule::kSquaredError;
  throw std::invalid_argument(
      fmt::format("ranges {}: unknown; there is: minmax, percentile, squared-error", name));
}

std::vector<NodeId> nodes_to_calibrate(const FusedNetwork& operators) {
  std::set<NodeId> nodes;
  for (const OperatorSites& each : operator_sites(operators, kAnyGrid)) {
    if (each.output && !each.output->fixed) nodes.insert(each.output->node);
    if (each.before_table) nodes.insert(each.before_table->node);
  }
  return {nodes.begin(), nodes.end()};
}

Calibration calibrate(const Network& network, const FusedNetwork& operators, std::size_t pictures,
                      RangeRule rule, const Activations& activations,
                      const std::function<void()>& after_each) {
  std::map<std::string, Watched> watched;
  for (const NodeId id : nodes_to_calibrate(operators)) {
    watched[network.nodes[id].name].histogram.emplace();
  }
  for (const FusedOperator& each : operators) {
    if (!model::has_weights(each.kind)) continue;
    const network::Node& input = network.nodes[network.nodes[each.node].inputs[0]];
    watched[input.name].sums.resize(static_cast<std::size_t>(input.output.channels));
  }
  std::vector<std::string> names;
  for (const auto& [name, each] : watched) names.push_back(name);

  for (std::size_t picture = 0; picture < pictures; ++picture) {
    const std::vector<std::vector<float>> values = activations(picture, names);
    for (std::size_t i = 0; i < names.size(); ++i) watched[names[i]].add(values.at(i), names[i]);
    after_each();
  }

  Calibration result;
  for (auto& [name, each] : watched) {
    if (each.histogram) result.ranges[name] = range_by(rule, *each.histogram);
    for (double& sum : each.sums) sum /= std::max(each.pixels, 1.0);
    if (!each.sums.empty()) result.means[name] = std::move(each.sums);
  }
  const auto sites = operator_sites(operators, kAnyGrid);
  for (std::size_t index = 0; index < operators.size(); ++index) {
    if (!sites[index].before_table) continue;
    Range& range = result.ranges.at(network.nodes[sites[index].before_table->node].name);
    range = clip_to_curve(operators[index].curve, range);
  }
  return result;
}

}  // namespace coco_mcu::lowering
