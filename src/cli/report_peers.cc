#include <fmt/format.h>

#include "cli/output.h"
#include "cli/report_sections.h"
#include "evaluation/metrics.h"
#include "report/peers.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

using report::thousands;

/// A figure; "" where it was not measured.
std::string measured(std::int64_t figure) {
  return figure > 0 ? thousands(figure) : "";
}

std::vector<std::string> peer_row(const report::PeerModel& peer) {
  const evaluation::Interval interval =
      evaluation::wilson_interval(peer.right, report::kPeerPictures);
  const double share = static_cast<double>(peer.right) / report::kPeerPictures;
  std::string per_mac;
  if (peer.m4_instructions > 0) {
    per_mac = fmt::format(
        "{:.2f}", static_cast<double>(peer.m4_instructions) / static_cast<double>(peer.macs));
  }
  return {peer.name,
          peer.network,
          thousands(peer.macs),
          std::to_string(peer.right),
          fmt::format("{} [{}, {}]", percent(share), percent(interval.low), percent(interval.high)),
          measured(peer.host_arena_bytes),
          measured(peer.m4_arena_bytes),
          thousands(peer.least_planned_bytes),
          per_mac};
}

}  // namespace

report::PageSection peer_section() {
  report::PageSection section{.title = "Other people's detectors"};
  section.paragraphs = {
      "Stored figures, so that this model's stand beside something. RAM of TensorFlow Lite Micro "
      "is what its interpreter asks for, its own tables included; beside it the least that the "
      "planner here finds for the same network. Instructions are of CMSIS-NN's kernels."};
  report::PageTable models{
      fmt::format("int8 models, on {} photographs of COCO val2017; bytes", report::kPeerPictures),
      {"file", "network", "MACs", "right", "share", "RAM, host", "RAM, M4", "planned here",
       "per MAC, M4"},
      {}};
  for (const report::PeerModel& peer : report::kPeerModels) {
    models.rows.push_back(peer_row(peer));
  }
  report::PageTable published{"As published, on the 8,059 pictures of COCO's minival",
                              {"network", "right", "RAM", "flash", "MACs"},
                              {}};
  for (const report::PublishedDetector& each : report::kPublishedDetectors) {
    published.rows.push_back({each.name, each.right, each.ram, each.flash, each.macs});
  }
  section.tables = {std::move(models), std::move(published)};
  return section;
}

}  // namespace coco_mcu::cli
