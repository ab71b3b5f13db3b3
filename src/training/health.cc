#include "training/health.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "training/dead_channels.h"

namespace coco_mcu::training {
namespace {

constexpr double kSaturated = 0.05;    // share of a tensor's values outside of its range
constexpr double kOscillating = 0.01;  // share of the weights
constexpr std::size_t kNamed = 3;

void report_channels(const NetworkModule& module, std::vector<std::string>& findings) {
  std::int64_t dead = 0;
  std::int64_t channels = 0;
  std::string branches;
  std::vector<ChannelCount> counts = count_dead_channels(module);
  for (const ChannelCount& each : counts) {
    dead += each.dead;
    channels += each.channels;
    if (each.dead == each.channels) branches += " " + each.layer;
  }
  if (!branches.empty()) {
    findings.push_back("dead branches (every gain of batch norm is zero):" + branches);
  }
  if (dead == 0) return;
  std::ranges::stable_sort(counts, std::greater(), &ChannelCount::dead);
  std::string worst;
  for (std::size_t i = 0; i < std::min(kNamed, counts.size()) && counts[i].dead > 0; ++i) {
    worst += fmt::format(" {} {}/{}", counts[i].layer, counts[i].dead, counts[i].channels);
  }
  findings.push_back(fmt::format("{} of {} channels dead, most in:{}", dead, channels, worst));
}

void report_saturation(const NetworkModule& module, std::vector<std::string>& findings) {
  std::vector<std::pair<double, std::string>> saturated;
  for (const auto& [name, share] : module.saturation()) {
    if (share > kSaturated) saturated.emplace_back(share, name);
  }
  if (saturated.empty()) return;
  std::ranges::sort(saturated, std::greater());
  std::string worst;
  for (std::size_t i = 0; i < std::min(kNamed, saturated.size()); ++i) {
    worst += fmt::format(" {} {:.0f} %", saturated[i].second, 100.0 * saturated[i].first);
  }
  findings.push_back(fmt::format("{} quantizers saturated (over {:.0f} % outside), worst:{}",
                                 saturated.size(), 100.0 * kSaturated, worst));
}

}  // namespace

std::vector<std::string> health(const NetworkModule& module, const OscillationGuard* oscillation) {
  std::vector<std::string> findings;
  report_channels(module, findings);
  report_saturation(module, findings);
  if (oscillation == nullptr) return findings;
  const OscillationGuard::Shares shares = oscillation->shares();
  if (shares.oscillating > kOscillating || shares.frozen > 0.0 || shares.zero > 0.0) {
    findings.push_back(fmt::format(
        "quantized weights: {:.1f} % oscillate, {:.1f} % frozen, {:.1f} % on level zero",
        100.0 * shares.oscillating, 100.0 * shares.frozen, 100.0 * shares.zero));
  }
  return findings;
}

}  // namespace coco_mcu::training
