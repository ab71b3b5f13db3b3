#include <algorithm>
#include <utility>

#include "network/torch_archive_pickle.h"
#include "network/torch_archive_pickle_opcodes.h"

namespace coco_mcu::network {
namespace {

/// Emits opcodes; Python names are written once and recalled afterwards, as Python's pickler does.
class Emitter {
 public:
  void opcode(Opcode code) { bytes_.push_back(static_cast<std::uint8_t>(code)); }
  void text(std::string_view utf8) {
    opcode(Opcode::kBinUnicode);
    little_endian(utf8.size());
    bytes_.insert(bytes_.end(), utf8.begin(), utf8.end());
  }
  void integer(std::int64_t number) {
    opcode(Opcode::kBinInt);
    little_endian(static_cast<std::uint64_t>(number));
  }
  void integers(const std::vector<std::int64_t>& numbers) {
    opcode(Opcode::kMark);
    for (const std::int64_t number : numbers) integer(number);
    opcode(Opcode::kTuple);
  }
  void global(std::string_view name);
  void tensor(const TensorRecord& record);
  std::vector<std::uint8_t> take() { return std::move(bytes_); }
  void byte(std::uint8_t value) { bytes_.push_back(value); }

 private:
  void little_endian(std::uint64_t number) {
    for (int shift = 0; shift < 32; shift += 8) byte(static_cast<std::uint8_t>(number >> shift));
  }

  std::vector<std::uint8_t> bytes_;
  std::vector<std::string_view> written_globals_;  // the index is the memo's key
};

void Emitter::global(std::string_view name) {
  const auto known = std::ranges::find(written_globals_, name);
  const auto key = static_cast<std::uint8_t>(known - written_globals_.begin());
  if (known != written_globals_.end()) {
    opcode(Opcode::kBinGet);
    return byte(key);
  }
  const std::size_t dot = name.rfind('.');
  opcode(Opcode::kGlobal);
  for (const std::string_view part : {name.substr(0, dot), name.substr(dot + 1)}) {
    bytes_.insert(bytes_.end(), part.begin(), part.end());
    byte('\n');
  }
  opcode(Opcode::kBinPut);
  byte(key);
  written_globals_.push_back(name);
}

void Emitter::tensor(const TensorRecord& record) {
  global(kRebuildTensor);
  opcode(Opcode::kMark);
  opcode(Opcode::kMark);
  text("storage");
  global(kFloatStorage);
  text(record.storage);
  text("cpu");
  integer(record.storage_elements);
  opcode(Opcode::kTuple);
  opcode(Opcode::kBinPersId);
  integer(record.offset);
  integers(record.shape);
  integers(record.stride);
  opcode(Opcode::kNewFalse);  // requires_grad
  global(kOrderedDict);       // backward hooks: none
  opcode(Opcode::kEmptyTuple);
  opcode(Opcode::kReduce);
  opcode(Opcode::kTuple);
  opcode(Opcode::kReduce);
}

}  // namespace

std::vector<std::uint8_t> write_state_dict(std::span<const TensorRecord> tensors) {
  Emitter emitter;
  emitter.opcode(Opcode::kProto);
  emitter.byte(kPickleProtocol);
  emitter.opcode(Opcode::kEmptyDict);
  emitter.opcode(Opcode::kMark);
  for (const TensorRecord& record : tensors) {
    emitter.text(record.name);
    emitter.tensor(record);
  }
  emitter.opcode(Opcode::kSetItems);
  emitter.opcode(Opcode::kStop);
  return emitter.take();
}

}  // namespace coco_mcu::network
