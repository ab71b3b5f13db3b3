// Person detectors of other people: the one place where their stored figures stand.
#pragma once

#include <array>
#include <cstdint>

namespace coco_mcu::report {

/// An int8 model that `coco-mcu import --tflite` reads. Arenas and the instructions were measured
/// with TensorFlow Lite Micro's own interpreter; what is right is counted by `coco-mcu evaluate` of
/// the imported model, on the 216 photographs of COCO val2017 of docs/experiments.md.
struct PeerModel {
  const char* name;  // of its file
  const char* network;
  std::int64_t macs;
  std::int64_t host_arena_bytes;     // of the interpreter, its own tables included
  std::int64_t m4_arena_bytes;       // 0: not measured
  std::int64_t m4_instructions;      // with CMSIS-NN; 0: not measured
  std::int64_t least_planned_bytes;  // by our planner, picture row by row, nothing twice
  int right;                         // of kPeerPictures
};

inline constexpr int kPeerPictures = 216;

inline constexpr std::array<PeerModel, 2> kPeerModels = {{{.name = "person_detect",
                                                           .network = "MobileNetV1 0.25, 96x96x1",
                                                           .macs = 7'157'888,
                                                           .host_arena_bytes = 85'024,
                                                           .m4_arena_bytes = 82'308,
                                                           .m4_instructions = 23'500'000,
                                                           .least_planned_bytes = 12'992,
                                                           .right = 169},
                                                          {.name = "vww_96_int8",
                                                           .network = "MobileNetV1 0.25, 96x96x3",
                                                           .macs = 7'489'664,
                                                           .host_arena_bytes = 103'392,
                                                           .m4_arena_bytes = 0,
                                                           .m4_instructions = 0,
                                                           .least_planned_bytes = 13'568,
                                                           .right = 172}}};

/// What its authors published, on the 8,059 pictures of COCO's minival; "" where they gave nothing.
struct PublishedDetector {
  const char* name;
  const char* right;
  const char* ram;
  const char* flash;
  const char* macs;
};

inline constexpr std::array<PublishedDetector, 4> kPublishedDetectors = {
    {{"SwiftNet (Qualcomm, 2019)", "95.13 %", "200.7 KB", "249.7 KB", "57.4 M"},
     {"ProxylessNAS (MIT, 2019)", "94.6 %", "", "", ""},
     {"MCUNet-vww2 (MIT)", "91.8 %", "174 kB", "741 kB", "55.8 M"},
     {"coco_mcu (2019)", "87.96 %", "254,976 B", "250,228 B", "56.8 M"}}};

}  // namespace coco_mcu::report
