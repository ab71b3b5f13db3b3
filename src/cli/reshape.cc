#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/annotated_pictures.h"
#include "cli/channel_statistics.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "lowering/kernel_pairs.h"
#include "lowering/quantization_sites.h"
#include "lowering/reduce.h"
#include "network/checkpoint.h"
#include "network/costs.h"
#include "report/table.h"
#include "training/float_network.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string checkpoint;
  AnnotationOptions pictures;
  int picture_count = 64;
  double prune_below = 0.0;
  bool without_attention = false;
  std::vector<std::string> pairs;
  std::string out;
};

/// The checkpoint in floats: kernels as the network computes with them, ranges forgotten, so that
/// constants may be folded across the places where codes stood.
network::Checkpoint read_floats(const std::string& folder) {
  network::Checkpoint checkpoint = network::read_checkpoint(folder);
  network::check_fits(checkpoint, network::network_of(checkpoint));
  checkpoint.tensors = lowering::effective_weights(
      checkpoint.tensors, lowering::trained_quantizers(checkpoint.quantizers, checkpoint.tensors));
  checkpoint.quantizers.clear();
  return checkpoint;
}

void report_size(std::string_view what, const network::Network& network) {
  const network::Cost cost = network::cost(network);
  print_line(fmt::format("{:<18} {:>11} weights {:>14} multiply-accumulates", what,
                         report::thousands(cost.weights), report::thousands(cost.macs)));
}

void set_network(network::Checkpoint& checkpoint, network::Network network,
                 network::Tensors tensors) {
  checkpoint.network = network.name;
  checkpoint.own_network = std::move(network);
  checkpoint.tensors = std::move(tensors);
}

/// Which layers --pairs names: "all", "first", "depthwise", a block or a layer.
class Choice {
 public:
  Choice(const network::Network& network, const core::Preprocessing& preprocessing,
         const std::vector<std::string>& names)
      : names_(names) {
    for (const network::WeightSite& site :
         lowering::quantization_sites(network, preprocessing).weights) {
      sites_[site.node] = site;
    }
    for (const std::string& name : names) {
      const bool is_known =
          std::ranges::any_of(sites_, [&](const auto& each) { return matches(name, each.second); });
      if (!is_known) {
        throw UsageError(fmt::format(
            "--pairs {}: no such layer is left; name layers or blocks, first, depthwise or all",
            name));
      }
    }
  }

  bool operator()(const network::Node& node) const {
    const network::WeightSite& site = sites_.at(node.name);
    return std::ranges::any_of(names_, [&](const auto& name) { return matches(name, site); });
  }

 private:
  static bool matches(const std::string& name, const network::WeightSite& site) {
    if (name == "all") return true;
    if (name == "first") return site.is_first;
    if (name == "depthwise") return site.is_depthwise;
    return site.layer == name || site.layer.starts_with(name + ".");
  }

  const std::vector<std::string>& names_;
  std::map<std::string, network::WeightSite> sites_;  // by node
};

void pair(const Options& options, const std::vector<std::filesystem::path>& pictures,
          network::Checkpoint& checkpoint) {
  const network::Network whole = network::network_of(checkpoint);
  lowering::PairedNetwork paired =
      lowering::pair_kernels(whole, checkpoint.tensors, core::WeightFormat::kFourLevel2,
                             Choice(whole, checkpoint.preprocessing, options.pairs));
  set_network(checkpoint, paired.network, std::move(paired.tensors));
  std::vector<std::string> read;
  for (const auto& [norm, input] : paired.norms) read.push_back(paired.network.nodes[input].name);
  const auto network = training::open_float_network(paired.network, checkpoint);
  const auto statistics = channel_statistics(*network, read, pictures);
  for (const auto& [norm, input] : paired.norms) {
    lowering::rebase_batch_norm(checkpoint.tensors, paired.network.nodes[norm],
                                statistics.at(paired.network.nodes[input].name));
  }
}

void reshape(const Options& options) {
  network::Checkpoint checkpoint = read_floats(options.checkpoint);
  const network::Network whole = network::network_of(checkpoint);
  report_size("as it is", whole);
  const auto pictures =
      spread_pictures(options.pictures, static_cast<std::size_t>(options.picture_count));
  lowering::ReduceOptions reduction;
  reduction.prune_below = options.prune_below;
  if (options.without_attention) {
    reduction.held = mask_means(*training::open_float_network(whole, checkpoint), pictures);
  }
  lowering::ReducedNetwork reduced =
      lowering::reduce(whole, checkpoint.tensors, {}, checkpoint.preprocessing, reduction);
  report_size("without dead parts", reduced.network);
  set_network(checkpoint, std::move(reduced.network), std::move(reduced.tensors));
  if (!options.pairs.empty()) {
    pair(options, pictures, checkpoint);
    report_size("in pairs", *checkpoint.own_network);
  }
  checkpoint.provenance["reshaped_by"] = network::created_by();
  network::write_checkpoint(checkpoint, options.out);
}

}  // namespace

void add_reshape(CommandLine& program) {
  Command command = program.command(
      "reshape", "Make a smaller or finer float network of a trained one, to train it on");
  auto options = std::make_shared<Options>();
  command.required_text("--checkpoint", options->checkpoint, "Float checkpoint to begin from");
  add_annotation_options(command, options->pictures);
  command.count("--pictures", options->picture_count,
                "How many pictures means and variances are taken from (64)");
  command.number("--prune-below", options->prune_below,
                 "Weights of a smaller magnitude are zero from the beginning (0)");
  command.flag("--without-attention", options->without_attention,
               "Hold every attention mask at its mean, so that it goes");
  command.texts("--pairs", options->pairs,
                "Kernels that become the sum of two with two bits each: layers, blocks, first, "
                "depthwise or all; may be given several times");
  command.required_text("--out", options->out, "Folder of the new checkpoint");
  command.example(
      "  coco-mcu reshape --checkpoint models/person-checkpoint --annotations instances.json "
      "--images train --without-attention --pairs first --pairs depthwise --out paired\n"
      "  coco-mcu train --recipe recipes/person-2bit.toml --init paired --data train --out run");
  command.action([options] { reshape(*options); });
}

}  // namespace coco_mcu::cli
