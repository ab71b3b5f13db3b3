// The opcodes of pickle protocol 2 that state dicts use, under the names of CPython's
// Lib/pickletools.py, and the names of Python that may occur.
#pragma once

#include <cstdint>
#include <string_view>

namespace coco_mcu::network {

enum class Opcode : std::uint8_t {
  kProto = 0x80,
  kStop = '.',
  kMark = '(',
  kNone = 'N',
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kBinInt = 'J',      // int32
  kBinInt1 = 'K',     // uint8
  kBinInt2 = 'M',     // uint16
  kLong1 = 0x8a,      // length byte, then that many bytes, two's complement
  kBinUnicode = 'X',  // uint32 length, then UTF-8
  kEmptyTuple = ')',
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kTuple = 't',  // of everything since the mark
  kEmptyDict = '}',
  kSetItem = 's',
  kSetItems = 'u',    // pairs since the mark
  kGlobal = 'c',      // module line, name line
  kReduce = 'R',      // call
  kBuild = 'b',       // set the state of an object
  kBinPersId = 'Q',   // persistent id: here, a storage
  kBinPut = 'q',      // remember under uint8
  kLongBinPut = 'r',  // remember under uint32
  kBinGet = 'h',      // recall
  kLongBinGet = 'j',
};

constexpr std::uint8_t kPickleProtocol = 2;
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kFloatStorage = "torch.FloatStorage";

}  // namespace coco_mcu::network
