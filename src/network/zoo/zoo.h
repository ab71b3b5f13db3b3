// The architectures the project knows, one short file each.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "network/network.h"

namespace coco_mcu::network {

/// The Visual Wake Words network of 2019 this project re-implements: MobileNetV3-like, with two
/// attention branches; RGB 256x256 in, {no person, person} out.
Network coco_mcu();

/// Ours for the same task and limits: no masks and no squeeze-excite where the picture is large, so
/// that rows can stream through; the weights stand where they are cheap. RGB 256x256 in.
Network person();

/// A network of the same blocks, small enough that a whole training takes minutes: to try recipes
/// and boards out, and for tests. RGB 64x64 in, {no person, person} out.
Network tiny();

/// What the authors of an architecture published about it, to be held against what is counted.
struct PublishedClaims {
  std::int64_t parameters = 0;
  std::int64_t macs = 0;
  std::int64_t model_bytes = 0;
  int weight_bits = 8;
  std::int64_t peak_bytes = 0;
  std::string_view source;
};

struct ZooEntry {
  std::string_view name;
  std::string_view summary;
  Network (*build)();
  const PublishedClaims* claims = nullptr;  // null where nothing was published
};

std::span<const ZooEntry> zoo();

/// The entry of that name; throws std::invalid_argument that lists the names there are.
const ZooEntry& zoo_entry(std::string_view name);

}  // namespace coco_mcu::network
