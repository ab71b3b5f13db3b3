// Decides on the pictures in a file of the host, one after the other, and says what that took; with
// the word "golden", compares with the model's golden vector instead. Freestanding.

#include <cstdint>

#include "core/uses.h"
#include "engine/engine.h"
#include "engine/golden.h"
#include "firmware/device/checkpoint.h"
#include "firmware/device/guards.h"
#include "firmware/device/memory_map.h"
#include "firmware/device/semihosting.h"
#include "model/header.h"
#include "model/verify.h"

namespace coco_mcu::firmware {
namespace {

constexpr int kRefused = 2;

std::uint32_t distance(const std::uint8_t* begin, const std::uint8_t* end) {
  return static_cast<std::uint32_t>(end - begin);
}

/// Tells the instruction counter where a layer ends, in a plan of one layer after the other.
class LayerMarks final : public engine::Observer {
 public:
  explicit LayerMarks(const model::View& model) : model_(model) {}

  void on_rows(int layer, std::int32_t first, std::int32_t count,
               const std::uint8_t* /*rows*/) override {
    if (first + count == model_.attributes(layer).height) checkpoint();
  }

 private:
  model::View model_;
};

/// Whether it has marks to set.
bool has_marks(const model::View& model) {
  return core::kUsesWholeLayers && model.is_layer_by_layer();
}

/// Takes one picture of a file through the engine, row by row. False at the file's end.
bool push_picture(const HostFile& pictures, const model::View& model, engine::Engine& engine) {
  const model::OperatorAttributes input = model.attributes(0);
  for (std::int32_t y = 0; y < input.height; ++y) {
    if (!pictures.read(engine.row_place(), model::row_bytes(input))) return false;
    engine.push_row(engine.row_place());
  }
  return true;
}

/// What computes each layer, in a plan of one layer after the other.
void print_kernels(const model::View& model, const kernels::Backend& backend) {
  for (int layer = 0; layer < model.operator_count(); ++layer) {
    print("kernel ");
    print(engine::kernel_name(model, backend, layer));
    print("\n");
  }
}

void print_memory() {
  print_figure("arena", distance(coco_mcu_arena_begin, coco_mcu_arena_end));
  print_figure("stack", used_stack_bytes());
  print_figure("static", distance(coco_mcu_data_begin, coco_mcu_data_end) +
                             distance(coco_mcu_zero_begin, coco_mcu_zero_end));
  print_figure("code", distance(coco_mcu_code_begin, coco_mcu_code_end) +
                           distance(coco_mcu_data_begin, coco_mcu_data_end));
  print_figure("model", distance(coco_mcu_model_begin, coco_mcu_model_end));
}

int refuse(const char* reason) {
  print("error: the model in flash ");
  print(reason);
  print("\n");
  return kRefused;
}

/// `words` are "golden" or "pictures FILE".
int run(const Words& words) {
  if (const model::Refusal refusal = model::check_header(
          coco_mcu_model_begin, distance(coco_mcu_model_begin, coco_mcu_model_end))) {
    return refuse(refusal.reason);
  }
  const auto& header = *reinterpret_cast<const model::Header*>(coco_mcu_model_begin);
  if (!core::kIsForAnyModel && header.crc32 != core::kModelChecksum) {
    return refuse("is not the one that this firmware was made for; emit the firmware again");
  }
  const model::View model(coco_mcu_model_begin);
  const kernels::Backend& backend = kernels::best_backend();
  if (engine::arena_bytes(model, backend) > distance(coco_mcu_arena_begin, coco_mcu_arena_end)) {
    return refuse("needs a larger arena than the firmware has; emit the firmware again");
  }
  engine::Engine engine(model, backend, coco_mcu_arena_begin);
  print("backend ");
  print(backend.name);
  print("\n");
  if (words.are("golden")) {
    const engine::GoldenResult result = engine::check_golden(model, engine, coco_mcu_checksums);
    print_figure("golden", result.agrees() ? 1 : 0);
    print_memory();
    return 0;
  }
  const HostFile pictures(words);
  if (!pictures.is_open()) {
    print("error: the file of pictures cannot be read\n");
    return kRefused;
  }
  LayerMarks marks(model);
  for (;;) {
    engine.begin(has_marks(model) ? &marks : nullptr);
    checkpoint();
    if (!push_picture(pictures, model, engine)) break;
    const engine::Decision decision = engine.finish();
    checkpoint();
    print_figure("probability", static_cast<std::uint32_t>(decision.probability));
  }
  if (has_marks(model)) print_kernels(model, backend);
  print_memory();
  return 0;
}

}  // namespace
}  // namespace coco_mcu::firmware

int main() {
  // The arena is not in use yet.
  auto* command_line = reinterpret_cast<char*>(coco_mcu_arena_begin);
  return coco_mcu::firmware::run(coco_mcu::firmware::read_command_line(
      command_line, static_cast<std::size_t>(coco_mcu_arena_end - coco_mcu_arena_begin)));
}
