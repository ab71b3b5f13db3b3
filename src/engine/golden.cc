#include "engine/golden.h"

#include "core/crc32.h"

namespace coco_mcu::engine {
namespace {

void write_golden_picture(std::uint8_t* picture, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    picture[i] = static_cast<std::uint8_t>((static_cast<std::uint32_t>(i) * 2654435761U) >> 24);
  }
}

class Checksums final : public Observer {
 public:
  explicit Checksums(ChecksumSink& sink) : sink_(sink) {}

  void on_tensor(int layer, const std::uint8_t* tensor, std::size_t bytes) override {
    sink_.on_checksum(layer, core::crc32(tensor, bytes));
  }

 private:
  ChecksumSink& sink_;
};

class Comparison final : public ChecksumSink {
 public:
  explicit Comparison(const model::View& model) : model_(model) {}

  void on_checksum(int layer, std::uint32_t checksum) override {
    if (first_wrong_ < 0 && checksum != model_.golden_checksum(layer)) first_wrong_ = layer;
  }

  int first_wrong() const { return first_wrong_; }

 private:
  model::View model_;
  int first_wrong_ = -1;
};

}  // namespace

Decision run_golden(const model::View& model, const Engine& engine, ChecksumSink& sink) {
  write_golden_picture(engine.picture(), model::tensor_bytes(model.layer(0)));
  Checksums checksums(sink);
  return engine.run(&checksums);
}

GoldenResult check_golden(const model::View& model, const Engine& engine) {
  Comparison comparison(model);
  const Decision decision = run_golden(model, engine, comparison);
  return {comparison.first_wrong(), decision.positive == model.golden_decision()};
}

}  // namespace coco_mcu::engine
