#include "api/coco_mcu.h"

#include <new>
#include <span>

#include "core/resize.h"
#include "engine/engine.h"
#include "model/verify.h"

using coco_mcu::core::Tap;
using coco_mcu::engine::Engine;
using coco_mcu::model::View;
namespace core = coco_mcu::core;
namespace engine = coco_mcu::engine;
namespace kernels = coco_mcu::kernels;
namespace model = coco_mcu::model;

static_assert(COCO_MCU_ALIGNMENT == engine::kArenaAlignment);
static_assert(COCO_MCU_ONE == model::kProbabilityOne);

/// Stands at the beginning of the arena; behind it the columns of the resizing, then the engine's
/// own arena.
struct coco_mcu_engine {
  Engine runner;
  core::Preprocessing preprocessing;
  std::span<Tap> columns;
};

namespace {

constexpr std::int32_t kMaxSide = 8192;

std::size_t align(std::size_t bytes) {
  return (bytes + COCO_MCU_ALIGNMENT - 1) / COCO_MCU_ALIGNMENT * COCO_MCU_ALIGNMENT;
}

std::size_t columns_bytes(const View& view) {
  return align(sizeof(Tap) * static_cast<std::size_t>(view.layer(0).width));
}

bool refuse(const char** reason, const char* text) {
  if (reason != nullptr) *reason = text;
  return text == nullptr;
}

bool is_aligned(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) % COCO_MCU_ALIGNMENT == 0;
}

}  // namespace

std::size_t coco_mcu_arena_bytes(const void* model_file, std::size_t model_bytes,
                                 const char** reason) {
  const auto* bytes = static_cast<const std::uint8_t*>(model_file);
  if (bytes == nullptr) return refuse(reason, "there is no model (null pointer)");
  const model::Refusal refusal = model::verify(bytes, model_bytes);
  if (!refuse(reason, refusal.reason)) return 0;
  const View view(bytes);
  return align(sizeof(coco_mcu_engine)) + columns_bytes(view) +
         engine::arena_bytes(view, kernels::best_backend());
}

coco_mcu_engine* coco_mcu_open(const void* model_file, std::size_t model_bytes, void* arena,
                               std::size_t arena_bytes, const char** reason) {
  const std::size_t needed = coco_mcu_arena_bytes(model_file, model_bytes, reason);
  if (needed == 0) return nullptr;
  const char* complaint = nullptr;
  if (arena == nullptr || arena_bytes < needed) {
    complaint = "arena is smaller than coco_mcu_arena_bytes says";
  } else if (!is_aligned(arena)) {
    complaint = "arena does not begin at a multiple of COCO_MCU_ALIGNMENT bytes";
  }
  if (!refuse(reason, complaint)) return nullptr;
  const View view(static_cast<const std::uint8_t*>(model_file));
  auto* memory = static_cast<std::uint8_t*>(arena);
  auto* columns = reinterpret_cast<Tap*>(memory + align(sizeof(coco_mcu_engine)));
  std::uint8_t* rest = memory + align(sizeof(coco_mcu_engine)) + columns_bytes(view);
  return new (memory) coco_mcu_engine{Engine(view, kernels::best_backend(), rest),
                                      view.preprocessing(),
                                      {columns, static_cast<std::size_t>(view.layer(0).width)}};
}

coco_mcu_decision coco_mcu_run(coco_mcu_engine* opened, const std::uint8_t* rgb,
                               std::int32_t height, std::int32_t width) {
  const bool is_picture =
      rgb != nullptr && height > 0 && width > 0 && height <= kMaxSide && width <= kMaxSide;
  if (!is_picture) return {0, 0};
  const core::Preprocessing& wanted = opened->preprocessing;
  const core::PixelView source = {rgb, height, width, std::ptrdiff_t{3} * width};
  const core::MutablePixelView target = {opened->runner.picture(), wanted.height, wanted.width,
                                         std::ptrdiff_t{3} * wanted.width};
  core::resize(wanted.resize, 3, source, target, opened->columns);
  const engine::Decision decision = opened->runner.run();
  return {decision.probability, decision.positive ? 1 : 0};
}

void coco_mcu_close(coco_mcu_engine* opened) {
  if (opened != nullptr) opened->~coco_mcu_engine();
}
