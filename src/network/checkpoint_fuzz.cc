// Fuzzes everything that reads a checkpoint: a first byte '{' makes the input checkpoint.json, 'P'
// weights.pt; anything else is the pickle of an archive whose container and checksums are right.
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "network/checkpoint_description.h"
#include "network/torch_archive.h"
#include "network/torch_archive_zip.h"

namespace {

using coco_mcu::network::Checkpoint;

void read(std::span<const std::uint8_t> input) {
  namespace network = coco_mcu::network;
  if (input.empty()) return;
  if (input[0] == '{') {
    const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
    const Checkpoint checkpoint = network::parse_description(text, "checkpoint.json");
    network::parse_description(network::describe(checkpoint), "written again");
  } else if (input[0] == 'P') {
    const network::Tensors tensors = network::read_torch_archive(input, "weights.pt");
    network::read_torch_archive(network::write_torch_archive(tensors), "written again");
  } else {
    network::ZipWriter zip;
    zip.add("weights/data.pkl", input);
    zip.add("weights/data/0", std::vector<std::uint8_t>(64));
    zip.add("weights/data/1", std::vector<std::uint8_t>(4));
    network::read_torch_archive(zip.finish(), "weights.pt");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    read({data, size});
  } catch (const std::runtime_error&) {
    // A refusal with a reason is what damaged input deserves.
  }
  return 0;
}
