#include "lowering/reduction_report.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace coco_mcu::lowering {
namespace {

/// "1,000,914"
std::string grouped(std::int64_t number) {
  const std::string digits = std::to_string(number);
  std::string result;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    if (at > 0 && (digits.size() - at) % 3 == 0) result += ',';
    result += digits[at];
  }
  return result;
}

std::string line_of(const PrunedWeights& pruned) {
  return fmt::format("{}: {} small weights set to zero", pruned.layer, grouped(pruned.weights));
}

std::string line_of(const ConstantChannels& constants) {
  const bool is_one = constants.channels == 1;
  const std::string where = constants.low == constants.high
                                ? fmt::format("{:.6g}", constants.low)
                                : fmt::format("[{:.6g}, {:.6g}]", constants.low, constants.high);
  const std::string proof = constants.widest == 0.0
                                ? "exactly"
                                : fmt::format("at most {:.1e} wide each", constants.widest);
  return fmt::format("{}: {} {} constant: {}, {}; {} {}", constants.source,
                     grouped(constants.channels), is_one ? "channel is" : "channels are", where,
                     proof, constants.is_factor ? "multiplied into" : "added to",
                     constants.folded_into);
}

std::string line_of(const ReducedLayer& layer) {
  return fmt::format("{}: {} channels of {} inputs instead of {} of {}, {} of {} weights",
                     layer.layer, layer.after.channels, layer.after.input_channels,
                     layer.before.channels, layer.before.input_channels,
                     grouped(layer.after.cost.weights), grouped(layer.before.cost.weights));
}

/// One line for a block of which no convolution is left, else one for each layer that has changed.
void describe_block(const std::vector<ReducedLayer>& layers, std::vector<std::string>& lines) {
  network::Cost before;
  network::Cost after;
  for (const ReducedLayer& layer : layers) {
    before += layer.before.cost;
    after += layer.after.cost;
  }
  if (after.weights == 0) {
    lines.push_back(fmt::format("{}: nothing reads it any more; {} weights and {} MACs go",
                                layers[0].block, grouped(before.weights), grouped(before.macs)));
    return;
  }
  for (const ReducedLayer& layer : layers) {
    if (layer.after.cost.weights == 0) {
      lines.push_back(fmt::format("{}: nothing reads it any more; {} weights go", layer.layer,
                                  grouped(layer.before.cost.weights)));
    } else if (layer.after.cost.weights != layer.before.cost.weights) {
      lines.push_back(line_of(layer));
    }
  }
}

}  // namespace

std::int64_t ReductionReport::pruned_weights() const {
  std::int64_t sum = 0;
  for (const PrunedWeights& each : pruned) sum += each.weights;
  return sum;
}

std::vector<std::string> describe(const ReductionReport& report) {
  std::vector<std::string> lines = {fmt::format(
      "{} of {} weights and {} of {} MACs are left", grouped(report.after.weights),
      grouped(report.before.weights), grouped(report.after.macs), grouped(report.before.macs))};
  if (report.idle_weights > 0) {
    lines.push_back(fmt::format(
        "{} of them stand in rows and columns of zeros that keep channels aligned; {} do work",
        grouped(report.idle_weights), grouped(report.after.weights - report.idle_weights)));
  }
  for (const PrunedWeights& each : report.pruned) lines.push_back(line_of(each));
  for (const ConstantChannels& each : report.constants) lines.push_back(line_of(each));
  for (auto first = report.layers.begin(); first != report.layers.end();) {
    const auto last = std::find_if(first, report.layers.end(), [&](const ReducedLayer& layer) {
      return layer.block != first->block;
    });
    describe_block({first, last}, lines);
    first = last;
  }
  return lines;
}

}  // namespace coco_mcu::lowering
