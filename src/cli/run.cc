#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "dataset/image.h"
#include "training/float_network.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  std::string checkpoint;
  bool raw = false;
  bool json = false;
  std::vector<std::string> files;
};

/// The bytes of a raw input file, which must be exactly one picture of the input size.
std::vector<std::uint8_t> read_raw(const std::string& path, const core::Preprocessing& expected) {
  const auto size = static_cast<std::size_t>(expected.height) * expected.width * 3;
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error(fmt::format("{}: cannot be opened; is the name right?", path));
  // One byte more than needed tells a file that is too long.
  std::vector<std::uint8_t> bytes(size + 1);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto got = static_cast<std::size_t>(file.gcount());
  if (got != size) {
    throw std::runtime_error(fmt::format(
        "{}: holds {} {} bytes, the network reads {} ({}x{}x3 RGB bytes); resize the picture first",
        path, got > size ? "more than" : "only", got > size ? size : got, size, expected.height,
        expected.width));
  }
  bytes.pop_back();
  return bytes;
}

void run(const Options& options) {
  const auto network = training::open_float_network(options.checkpoint);
  const core::Preprocessing& preprocessing = network->preprocessing();
  for (const std::string& file : options.files) {
    const std::vector<std::uint8_t> pixels =
        options.raw ? read_raw(file, preprocessing)
                    : dataset::prepare(dataset::read_image(file), preprocessing).rgb;
    const std::vector<float> output = network->infer(pixels);
    if (options.json) {
      print_json_line({{"file", file}, {"output", output}});
    } else {
      print_line(fmt::format("{}  {}", fmt::join(output, " "), file));
    }
  }
}

}  // namespace

void add_run(CommandLine& program) {
  Command command =
      program.command("run", "Feed pixels to a network and print its raw output, for checks");
  auto options = std::make_shared<Options>();
  command.required_text("--checkpoint", options->checkpoint, "Folder of a float checkpoint");
  command.flag("--raw", options->raw,
               "Files hold RGB bytes of the input size (height x width x 3), not pictures");
  command.flag("--json", options->json, "Print one JSON object per file: file, output");
  command.required_texts("FILE", options->files, "Input files");
  command.example("  coco-mcu run --checkpoint checkpoint --raw --json pixels.bin");
  command.action([options] { run(*options); });
}

}  // namespace coco_mcu::cli
