#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/work_progress.h"
#include "dataset/pack.h"
#include "report/table.h"

namespace coco_mcu::cli {
namespace {

constexpr double kBytesOfMegabyte = 1e6;

struct Options {
  std::vector<std::string> where;
  std::string out;
  int side = 320;
  int quality = 90;
  double max_megabytes = 55.0;
  bool json = false;
};

void pack(const Options& options) {
  if (options.side < 8) throw UsageError("--side: 8 pixels or more");
  if (options.quality < 1 || options.quality > 100) throw UsageError("--quality: from 1 to 100");
  if (options.max_megabytes <= 0.0 || options.max_megabytes > 1e6) {
    throw UsageError("--max-megabytes: more than 0, up to 1000000");
  }
  std::vector<dataset::NamedSource> sources;
  for (const std::string& where : options.where) sources.push_back({where, true});
  const auto pictures = dataset::open_all_pictures(sources);
  dataset::PackOptions packing;
  packing.out = options.out;
  packing.side = options.side;
  packing.quality = options.quality;
  packing.max_bytes = static_cast<std::uint64_t>(options.max_megabytes * kBytesOfMegabyte);
  WorkProgress progress;
  const dataset::PackResult packed = dataset::pack_pictures(*pictures, packing, progress.hears());
  progress.finish();
  if (options.json) {
    print_json_line(
        {{"pictures", packed.pictures}, {"shards", packed.shards}, {"bytes", packed.bytes}});
  } else {
    print_line(fmt::format("{}: {} pictures in {} shards, {}", options.out,
                           report::thousands(packed.pictures), packed.shards,
                           report::byte_size(static_cast<std::int64_t>(packed.bytes))));
  }
}

}  // namespace

void add_dataset_pack(CommandLine& program) {
  Command command =
      program.command("dataset", "pack", "Make pictures small, for carrying to another machine");
  auto options = std::make_shared<Options>();
  command.required_texts("WHERE", options->where,
                         "Folders of TFRecord shards, or ANNOTATIONS.json:FOLDER; all become one");
  command.required_text("--out", options->out, "Folder that is made");
  command.count("--side", options->side,
                "Pixels that the short side of a picture has at most (default 320)");
  command.count("--quality", options->quality, "Of the JPEG files, 1 to 100 (default 90)");
  command.number("--max-megabytes", options->max_megabytes,
                 "Size of a shard at most, in millions of bytes (default 55)");
  command.flag("--json", options->json, "Print one JSON object: pictures, shards, bytes");
  command.example("  coco-mcu dataset pack vww/train --side 256 --out packed/train");
  command.action([options] { pack(*options); });
}

}  // namespace coco_mcu::cli
