// Writes tests/corpus/model, the seeds of the model reader's fuzz target, in today's format:
//   cmake --build --preset release --target seed_models && build/release/bin/seed_models

#include <filesystem>
#include <string>

#include "core/weight_format.h"
#include "engine/seal.h"
#include "lowering/idle_weights.h"
#include "model/serialize.h"
#include "planning/whole_tensor.h"
#include "report/file.h"
#include "tests/support/random_model.h"

namespace coco_mcu::testing {
namespace {

void write_seed(const std::string& name, model::IntegerModel model) {
  lowering::leave_out_idle_weights(model);
  model.plan = planning::plan_whole_tensors(model);
  engine::seal(model);
  const auto bytes = model::serialize(model);
  const std::filesystem::path path = std::filesystem::path("tests/corpus/model") / (name + ".cmcu");
  report::write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void write_seeds() {
  using core::WeightFormat;
  write_seed("ternary", random_model(40, {10, 12, WeightFormat::kTernary2}));
  write_seed("four_level", random_model(41, {11, 12, WeightFormat::kFourLevel2}));
  write_seed("signed4", random_model(42, {12, 12, WeightFormat::kSigned4}));
  write_seed("small", random_model(43, {13, 12, WeightFormat::kSigned8}));
}

}  // namespace
}  // namespace coco_mcu::testing

int main() {
  coco_mcu::testing::write_seeds();
  return 0;
}
