// Fuzzes the readers of shards. The first byte chooses what the rest is:
//   'F'  a whole file: its framing is walked and each record that fits its checksum parsed;
//   else one serialized tf.train.Example, which mostly has no checksum to get past.
// An Example that is accepted is the same after it was written and read again.
#include <algorithm>
#include <cstdlib>
#include <span>
#include <stdexcept>

#include "dataset/tf_example.h"
#include "dataset/tfrecord.h"

namespace {

namespace dataset = coco_mcu::dataset;
using Bytes = std::span<const std::uint8_t>;

void parse(Bytes bytes) {
  try {
    const auto once = dataset::serialize_example(dataset::parse_example(bytes, "fuzz"));
    const dataset::Example again = dataset::parse_example(once, "fuzz");
    if (again.height < 1 || again.width < 1) std::abort();
  } catch (const std::runtime_error&) {
    return;  // a refusal with a reason is what damaged input deserves
  }
}

void walk(Bytes file) {
  const auto read_at = [&](std::uint64_t offset, std::span<std::uint8_t> bytes) {
    if (offset > file.size() || bytes.size() > file.size() - offset) std::abort();
    std::ranges::copy(file.subspan(offset, bytes.size()), bytes.begin());
  };
  try {
    for (const dataset::RecordPlace& place : dataset::find_records(read_at, file.size(), "fuzz")) {
      if (place.offset > file.size() || place.length > file.size() - place.offset) std::abort();
      const Bytes bytes = file.subspan(place.offset, place.length);
      if (dataset::masked_crc32c(bytes) == place.checksum) parse(bytes);
    }
  } catch (const std::runtime_error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes rest(data + 1, size - 1);
  if (data[0] == 'F') {
    walk(rest);
  } else {
    parse(rest);
  }
  return 0;
}
