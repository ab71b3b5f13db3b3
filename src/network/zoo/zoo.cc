#include "network/zoo/zoo.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace coco_mcu::network {
namespace {

constexpr PublishedClaims kCocoMcuClaims = {
    .parameters = 1'000'914,
    .macs = 56'800'000,
    .model_bytes = 250'228,
    .weight_bits = 2,
    .peak_bytes = 249 * 1024,
    .source = "Visual Wake Words challenge submission, 2019",
};

constexpr std::array<ZooEntry, 3> kZoo = {{
    {"coco_mcu", "Visual Wake Words network of 2019, 256x256, two attention branches", coco_mcu,
     &kCocoMcuClaims},
    {"person", "ours for the same task: 256x256, streams in rows, weights where they are cheap",
     person, nullptr},
    {"tiny", "the same blocks at 64x64, trained in minutes: for trying things out", tiny, nullptr},
}};

}  // namespace

std::span<const ZooEntry> zoo() {
  return kZoo;
}

const ZooEntry& zoo_entry(std::string_view name) {
  const auto* entry = std::ranges::find(kZoo, name, &ZooEntry::name);
  if (entry != kZoo.end()) return *entry;
  std::string known;
  for (const ZooEntry& each : kZoo)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", each.name);
  throw std::invalid_argument(fmt::format("network {}: not in the zoo; there is: {}", name, known));
}

}  // namespace coco_mcu::network
