#include "engine/seal.h"

#include <cstddef>
#include <vector>

#include "engine/arena.h"
#include "engine/golden.h"
#include "model/model_file.h"
#include "model/serialize.h"

namespace coco_mcu::engine {
namespace {

class Recorder final : public ChecksumSink {
 public:
  explicit Recorder(std::vector<std::uint32_t>& checksums) : checksums_(checksums) {}

  void on_checksum(int layer, std::uint32_t checksum) override {
    checksums_[static_cast<std::size_t>(layer)] = checksum;
  }

 private:
  std::vector<std::uint32_t>& checksums_;
};

}  // namespace

void seal(model::IntegerModel& model) {
  model.golden.checksums.assign(model.operators.size(), 0);
  const model::ModelFile file(model::serialize(model), model.network);
  const model::View view = file.view();
  const Arena arena(arena_bytes(view, kernels::kReferenceBackend));
  Engine engine(view, kernels::kReferenceBackend, arena.data());
  std::vector<std::uint32_t> working(model.operators.size());
  Recorder recorder(model.golden.checksums);
  model.golden.decision = run_golden(view, engine, working.data(), recorder).positive;
}

}  // namespace coco_mcu::engine
