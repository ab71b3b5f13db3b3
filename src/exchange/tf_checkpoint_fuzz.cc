// Fuzzes the reader of TensorFlow checkpoints. The first byte chooses what the rest is:
//   'I'  the size of the index (two bytes, little-endian), the index, one data file;
//   'B'  the contents of the index's one data block, with right checksums and footer around it;
//   else an entry of the index behind a right header.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "exchange/tf_checkpoint.h"
#include "tests/support/bundle_writer.h"

namespace {

using coco_mcu::exchange::TableEntry;
using coco_mcu::exchange::TfCheckpoint;
using coco_mcu::exchange::TfEntry;
using coco_mcu::exchange::testing::Bytes;

void read_all(const Bytes& index, Bytes data) {
  const TfCheckpoint checkpoint =
      TfCheckpoint::from_bytes("fuzz", index, {{"data", std::move(data)}});
  for (const TfEntry& entry : checkpoint.entries()) {
    try {
      checkpoint.read(entry.name);
    } catch (const std::runtime_error&) {
      continue;  // the next variable may be whole
    }
  }
}

void read(const Bytes& input) {
  namespace testing = coco_mcu::exchange::testing;
  if (input.size() < 3) return;
  const Bytes rest(input.begin() + 1, input.end());
  if (input[0] == 'I') {
    const std::size_t wanted = rest[0] | std::size_t{rest[1]} << 8;
    const auto cut = rest.begin() + 2 + static_cast<long>(std::min(wanted, rest.size() - 2));
    read_all({rest.begin() + 2, cut}, {cut, rest.end()});
  } else if (input[0] == 'B') {
    Bytes file;
    const std::vector<TableEntry> index = {{"", testing::append_block(file, rest)}};
    read_all(testing::close_table(std::move(file), testing::block_of(index)), Bytes(64));
  } else {
    const testing::BundleWriter empty;
    const std::vector<TableEntry> table = {{"", empty.header.SerializeAsString()},
                                           {"variable", {rest.begin(), rest.end()}}};
    read_all(testing::table_of(table), Bytes(64));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    read(Bytes(data, data + size));
  } catch (const std::runtime_error&) {
    // A refusal with a reason is what damaged input deserves.
  }
  return 0;
}
