#include "api/coco_mcu.h"

#include <new>
#include <span>

#include "core/resize.h"
#include "engine/engine.h"
#include "model/verify.h"

using coco_mcu::core::Preprocessing;
using coco_mcu::core::Tap;
using coco_mcu::engine::Engine;
using coco_mcu::kernels::best_backend;
using coco_mcu::model::View;

static_assert(COCO_MCU_ALIGNMENT == coco_mcu::engine::kArenaAlignment);
static_assert(COCO_MCU_ONE == coco_mcu::model::kProbabilityOne);

/// Stands at the beginning of the arena; behind it the columns of the resizing, then the engine's
/// own arena.
struct coco_mcu_engine {
  Engine runner;
  Preprocessing preprocessing;
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

/// Row `y` of the picture as the model takes it.
void push_resized_row(coco_mcu_engine& engine, const coco_mcu::core::PixelView& source,
                      std::int32_t y) {
  const Preprocessing& wanted = engine.preprocessing;
  if (source.height == wanted.height && source.width == wanted.width) {
    engine.runner.push_row(source.row(y));
    return;
  }
  const Tap tap = coco_mcu::core::resize_tap(wanted.resize, y, source.height, wanted.height);
  std::uint8_t* place = engine.runner.row_place();
  coco_mcu::core::resize_row(wanted.resize, 3, source.row(tap.lower), source.row(tap.upper),
                             tap.weight, engine.columns, place);
  engine.runner.push_row(place);
}

bool is_aligned(const void* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) % COCO_MCU_ALIGNMENT == 0;
}

}  // namespace

std::size_t coco_mcu_arena_bytes(const void* model, std::size_t model_bytes, const char** reason) {
  const auto* bytes = static_cast<const std::uint8_t*>(model);
  if (bytes == nullptr) return refuse(reason, "there is no model (null pointer)");
  const auto refusal = coco_mcu::model::verify(bytes, model_bytes);
  if (!refuse(reason, refusal.reason)) return 0;
  const View view(bytes);
  if (view.layer(0).channels != 3) {
    refuse(reason, "model reads grey pictures; this interface gives RGB");
    return 0;
  }
  return align(sizeof(coco_mcu_engine)) + columns_bytes(view) +
         coco_mcu::engine::arena_bytes(view, best_backend());
}

coco_mcu_engine* coco_mcu_open(const void* model, std::size_t model_bytes, void* arena,
                               std::size_t arena_bytes, const char** reason) {
  const std::size_t needed = coco_mcu_arena_bytes(model, model_bytes, reason);
  if (needed == 0) return nullptr;
  const char* complaint = nullptr;
  if (arena == nullptr || arena_bytes < needed) {
    complaint = "arena is smaller than coco_mcu_arena_bytes says";
  } else if (!is_aligned(arena)) {
    complaint = "arena does not begin at a multiple of COCO_MCU_ALIGNMENT bytes";
  }
  if (!refuse(reason, complaint)) return nullptr;
  const View view(static_cast<const std::uint8_t*>(model));
  auto* memory = static_cast<std::uint8_t*>(arena);
  auto* columns = reinterpret_cast<Tap*>(memory + align(sizeof(coco_mcu_engine)));
  std::uint8_t* rest = memory + align(sizeof(coco_mcu_engine)) + columns_bytes(view);
  return new (memory) coco_mcu_engine{Engine(view, best_backend(), rest),
                                      view.preprocessing(),
                                      {columns, static_cast<std::size_t>(view.layer(0).width)}};
}

coco_mcu_decision coco_mcu_run(coco_mcu_engine* engine, const std::uint8_t* rgb,
                               std::int32_t height, std::int32_t width) {
  const bool is_picture =
      rgb != nullptr && height > 0 && width > 0 && height <= kMaxSide && width <= kMaxSide;
  if (!is_picture) return {0, 0};
  const Preprocessing& wanted = engine->preprocessing;
  const coco_mcu::core::PixelView source = {rgb, height, width, std::ptrdiff_t{3} * width};
  const bool fits = height == wanted.height && width == wanted.width;
  if (!fits) coco_mcu::core::resize_columns(wanted.resize, width, engine->columns);
  engine->runner.begin();
  for (std::int32_t y = 0; y < wanted.height; ++y) {
    push_resized_row(*engine, source, y);
  }
  const auto decision = engine->runner.finish();
  return {decision.probability, decision.positive ? 1 : 0};
}

void coco_mcu_close(coco_mcu_engine* engine) {
  if (engine != nullptr) engine->~coco_mcu_engine();
}
