#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/network_diagram.h"
#include "cli/output.h"
#include "network/costs.h"
#include "network/memory.h"
#include "network/zoo/zoo.h"
#include "report/diagram.h"
#include "report/file.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

using network::Cost;
using network::Fusion;
using network::MemoryProfile;
using network::Network;
using network::NodeId;
using report::thousands;

struct Options {
  std::string network;
  bool layers = false;
  bool json = false;
  std::string svg;
};

/// Both ways of counting memory, and everything else a description states.
struct Counted {
  Cost total;
  MemoryProfile whole;
  MemoryProfile fused;
};

/// Highest memory while the nodes first..last execute; 0 where none of them stores anything.
std::int64_t peak_within(const MemoryProfile& profile, NodeId first, NodeId last) {
  std::int64_t highest = 0;
  for (const network::MemoryStep& step : profile.steps) {
    if (step.node >= first && step.node <= last) highest = std::max(highest, step.bytes);
  }
  return highest;
}

std::vector<std::string> table_row(const Network& network, const Counted& counted,
                                   const std::string& name, const std::string& op,
                                   const network::Block& range) {
  const Cost sum = cost(network, range);
  const auto memory = [&](const MemoryProfile& profile) {
    const std::int64_t bytes = peak_within(profile, range.first, range.last);
    return bytes == 0 ? std::string() : thousands(bytes);
  };
  return {name,
          op,
          shape_text(network.nodes[range.last].output),
          thousands(sum.parameters()),
          thousands(sum.macs),
          memory(counted.whole),
          memory(counted.fused)};
}

std::string layer_text(const network::Node& node) {
  std::string result(op_name(node.op));
  if (node.kernel > 1 || node.op == network::Op::kConv) {
    result += fmt::format(" {0}x{0}", node.kernel);
  }
  if (node.stride > 1) result += fmt::format(" stride {}", node.stride);
  if (node.factor > 1) result += fmt::format(" x{}", node.factor);
  return result;
}

std::string cost_table(const Network& network, const Counted& counted, bool layers) {
  using report::Align;
  report::Table table({{layers ? "layer" : "block", Align::kLeft},
                       {layers ? "operation" : "layers", Align::kLeft},
                       {"output", Align::kRight},
                       {"parameters", Align::kRight},
                       {"MACs", Align::kRight},
                       {"RAM whole", Align::kRight},
                       {"RAM fused", Align::kRight}});
  table.row({"input", "", shape_text(network.input().output)});
  for (const network::Block& block : network.blocks) {
    if (!layers) {
      const int count = block.last - block.first + 1;
      table.row(table_row(network, counted, block.name, std::to_string(count), block));
      continue;
    }
    table.section(block.name);
    for (NodeId id = block.first; id <= block.last; ++id) {
      const network::Node& node = network.nodes[id];
      table.row(
          table_row(network, counted, "  " + node.name, layer_text(node), {node.name, id, id}));
    }
  }
  table.total({"total", "", "", thousands(counted.total.parameters()),
               thousands(counted.total.macs), thousands(counted.whole.peak_bytes()),
               thousands(counted.fused.peak_bytes())});
  return table.text();
}

std::string peak_sentence(const Network& network, const MemoryProfile& profile) {
  const network::MemoryStep& step = profile.steps[profile.peak];
  std::string tensors;
  for (const NodeId id : step.live) {
    const network::Node& node = network.nodes[id];
    tensors += fmt::format("{}{} ({} B)", tensors.empty() ? "" : ", ", node.name,
                           thousands(node.output.elements()));
  }
  return fmt::format("{} B at {}, with {} in memory", thousands(step.bytes),
                     network.nodes[step.node].name, tensors);
}

std::string claims_table(const Network& network, const Counted& counted,
                         const network::PublishedClaims& claims) {
  using report::Align;
  report::Table table({{"", Align::kLeft},
                       {"published", Align::kRight},
                       {"counted", Align::kRight},
                       {"", Align::kLeft}});
  const std::int64_t with_batch_norm = counted.total.parameters() + counted.total.batch_norm;
  table.row({"parameters", thousands(claims.parameters), thousands(counted.total.parameters()),
             "kernels and biases"});
  table.row({"", "", thousands(with_batch_norm), "with the four numbers per batch-norm channel"});
  table.row({"multiply-accumulates", thousands(claims.macs), thousands(counted.total.macs), ""});
  table.row({"bytes of the model", thousands(claims.model_bytes),
             thousands(weight_bytes(network, claims.weight_bits)),
             fmt::format("kernels, if each weight has {} bits", claims.weight_bits)});
  table.row({"bytes of RAM at the peak", thousands(claims.peak_bytes),
             thousands(counted.whole.peak_bytes()), "every tensor whole"});
  table.row({"", "", thousands(counted.fused.peak_bytes()),
             "expand inside depthwise, mask upsampled inside its multiply"});
  return fmt::format("Published ({}) and counted:\n{}", claims.source, table.text());
}

void print_text(const Network& network, const Counted& counted, const network::ZooEntry& entry,
                bool layers) {
  fmt::print("{}: {}\n\n{}\n", entry.name, entry.summary, cost_table(network, counted, layers));
  fmt::print(
      "RAM: bytes in memory while a row executes, uint8, elementwise operations in place, in the\n"
      "order of execution with the smallest peak.\n"
      "  whole: every tensor whole: {}\n"
      "  fused: expand inside depthwise, mask upsampled inside its multiply: {}\n\n",
      peak_sentence(network, counted.whole), peak_sentence(network, counted.fused));
  for (const int bits : {2, 4, 8}) {
    fmt::print("{:<40}{:>12} B\n", fmt::format("Kernels at {} bits per weight", bits),
               thousands(weight_bytes(network, bits)));
  }
  if (entry.claims != nullptr) {
    fmt::print("\n{}", claims_table(network, counted, *entry.claims));
  }
}

Json to_json(const Network& network, const Counted& counted) {
  Json layers = Json::array();
  for (std::size_t id = 1; id < network.nodes.size(); ++id) {
    const network::Node& node = network.nodes[id];
    const Cost of_node = cost(network, static_cast<NodeId>(id));
    Json layer = {{"name", node.name},
                  {"op", op_name(node.op)},
                  {"output", {node.output.height, node.output.width, node.output.channels}},
                  {"parameters", of_node.parameters()},
                  {"macs", of_node.macs}};
    if (of_node.batch_norm > 0) layer["batch_norm_parameters"] = of_node.batch_norm;
    layers.push_back(std::move(layer));
  }
  return {{"network", network.name},
          {"layers", std::move(layers)},
          {"parameters", counted.total.parameters()},
          {"parameters_with_batch_norm", counted.total.parameters() + counted.total.batch_norm},
          {"macs", counted.total.macs},
          {"weight_bytes_at_2_bits", weight_bytes(network, 2)},
          {"weight_bytes_at_8_bits", weight_bytes(network, 8)},
          {"peak_bytes_whole_tensors", counted.whole.peak_bytes()},
          {"peak_bytes_fused_expand", counted.fused.peak_bytes()}};
}

void describe(const Options& options) {
  const network::ZooEntry& entry = network::zoo_entry(options.network);
  const Network network = entry.build();
  const Counted counted = {cost(network), memory_profile(network, Fusion::kNone),
                           memory_profile(network, Fusion::kExpandAndMask)};
  if (!options.svg.empty()) {
    report::write_file(options.svg,
                       diagram_svg(network_diagram(network, std::string(entry.summary))));
    fmt::print(stderr, "{}: drawing of {}\n", options.svg, network.name);
  }
  if (options.json) {
    print_json_line(to_json(network, counted));
  } else {
    print_text(network, counted, entry, options.layers);
  }
}

}  // namespace

void add_describe(CommandLine& program) {
  Command command = program.command(
      "describe", "Print a network's layers and what it costs before it is trained");
  auto options = std::make_shared<Options>();
  std::string names;
  for (const network::ZooEntry& entry : network::zoo()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", entry.name);
  }
  command.required_text("NETWORK", options->network, "Name in the zoo: " + names);
  command.flag("--layers", options->layers, "One row for each layer, not for each block");
  command.flag("--json", options->json, "Print one JSON object");
  command.text("--svg", options->svg, "Draw the network and its blocks into this file");
  command.example("  coco-mcu describe coco_mcu --svg coco_mcu.svg");
  command.action([options] { describe(*options); });
}

}  // namespace coco_mcu::cli
