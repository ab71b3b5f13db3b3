// Any bytes behind a valid header: refused, or run by every back end with the same result.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/crc32.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "model/header.h"
#include "model/verify.h"

namespace {

namespace engine = coco_mcu::engine;
namespace kernels = coco_mcu::kernels;
namespace model = coco_mcu::model;

constexpr std::size_t kMaxArenaBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxMacs = 3'000'000;

/// Puts the header right, so that what lies behind it is looked at.
void mend_header(std::vector<std::uint8_t>& bytes) {
  model::Header header;
  std::memcpy(header.magic, model::kMagic, sizeof(model::kMagic));
  header.version = model::kVersion;
  header.file_bytes = static_cast<std::uint32_t>(bytes.size());
  header.crc32 =
      coco_mcu::core::crc32(bytes.data() + sizeof(header), bytes.size() - sizeof(header));
  std::memcpy(bytes.data(), &header, sizeof(header));
}

bool is_small(const model::View& view) {
  std::size_t work = 0;
  for (int i = 0; i < view.plan_step_count(); ++i) {
    const model::OperatorView layer = view.layer(view.plan_step(i).layer);
    work += model::macs(layer, view.layer(layer.inputs[0])) + model::elements(layer);
  }
  return view.arena_bytes() <= kMaxArenaBytes && work <= kMaxMacs;
}

std::int32_t probability(const model::View& view, const kernels::Backend& backend) {
  const engine::Arena arena(engine::arena_bytes(view, backend));
  engine::Engine runner(view, backend, arena.data());
  std::vector<std::uint8_t> picture(model::tensor_bytes(view.layer(0)));
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<std::uint8_t>(i * 31);
  return runner.run(picture.data()).probability;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> bytes(data, data + size);
  if (size < sizeof(model::Header)) return 0;
  mend_header(bytes);
  if (model::verify(bytes.data(), bytes.size())) return 0;
  const model::View view(bytes.data());
  if (!is_small(view)) return 0;
  const std::int32_t expected = probability(view, kernels::kReferenceBackend);
  if (probability(view, kernels::best_backend()) != expected) std::abort();
  return 0;
}
