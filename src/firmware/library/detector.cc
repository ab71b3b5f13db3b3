#include <cstddef>
#include <cstdint>
#include <new>

#include "coco_mcu_detector.h"
#include "coco_mcu_model.h"
#include "core/uses.h"
#include "engine/engine.h"
#include "kernels/kernels.h"
#include "model/header.h"
#include "model/verify.h"
#include "model/view.h"

extern "C" {
extern const std::uint8_t coco_mcu_model_begin[];
extern const std::uint8_t coco_mcu_model_end[];
}

namespace {

using coco_mcu::engine::Engine;

alignas(coco_mcu::engine::kArenaAlignment) std::uint8_t arena[COCO_MCU_ARENA_BYTES];
alignas(Engine) std::byte engine_memory[sizeof(Engine)];
Engine* engine = nullptr;

}  // namespace

extern "C" {

const char* coco_mcu_start() {
  const auto size = static_cast<std::size_t>(coco_mcu_model_end - coco_mcu_model_begin);
  const coco_mcu::model::Refusal refusal =
      coco_mcu::model::check_header(coco_mcu_model_begin, size);
  if (refusal) return refusal.reason;
  const auto& header = *reinterpret_cast<const coco_mcu::model::Header*>(coco_mcu_model_begin);
  if (!coco_mcu::core::kIsForAnyModel && header.crc32 != coco_mcu::core::kModelChecksum) {
    return "is not the one that this library was made for; emit the library again";
  }
  const coco_mcu::model::View model(coco_mcu_model_begin);
  const coco_mcu::kernels::Backend& backend = coco_mcu::kernels::best_backend();
  if (coco_mcu::engine::arena_bytes(model, backend) > sizeof(arena)) {
    return "needs a larger arena than the library has; emit the library again";
  }
  engine = new (engine_memory) Engine(model, backend, arena);
  return nullptr;
}

void coco_mcu_begin() {
  engine->begin();
}

std::uint8_t* coco_mcu_row_place() {
  return engine->row_place();
}

void coco_mcu_push_row(const std::uint8_t* row) {
  engine->push_row(row);
}

std::int32_t coco_mcu_finish() {
  return engine->finish().probability;
}

}  // extern "C"
