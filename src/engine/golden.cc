#include "engine/golden.h"

#include "core/crc32.h"

namespace coco_mcu::engine {
namespace {

void write_golden_row(std::uint32_t first_byte, std::uint8_t* row, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::uint32_t at = first_byte + static_cast<std::uint32_t>(i);
    row[i] = static_cast<std::uint8_t>((at * 2654435761U) >> 24);
  }
}

class Checksums final : public Observer {
 public:
  Checksums(const model::View& model, std::uint32_t* values, ChecksumSink& sink)
      : model_(model), values_(values), sink_(sink) {}

  void on_rows(int layer, std::int32_t first, std::int32_t count,
               const std::uint8_t* rows) override {
    const model::OperatorAttributes view = model_.attributes(layer);
    const std::uint32_t before = first == 0 ? 0 : values_[layer];
    const std::size_t bytes = static_cast<std::size_t>(count) * model::row_bytes(view);
    values_[layer] = core::crc32(rows, bytes, before);
    if (first + count == view.height) sink_.on_checksum(layer, values_[layer]);
  }

 private:
  model::View model_;
  std::uint32_t* values_;
  ChecksumSink& sink_;
};

class Comparison final : public ChecksumSink {
 public:
  explicit Comparison(const model::View& model) : model_(model) {}

  void on_checksum(int layer, std::uint32_t checksum) override {
    if (checksum == model_.golden_checksum(layer)) return;
    if (first_wrong_ < 0 || layer < first_wrong_) first_wrong_ = layer;
  }

  int first_wrong() const { return first_wrong_; }

 private:
  model::View model_;
  int first_wrong_ = -1;
};

}  // namespace

Decision run_golden(const model::View& model, Engine& engine, std::uint32_t* checksums,
                    ChecksumSink& sink) {
  Checksums observer(model, checksums, sink);
  engine.begin(&observer);
  const model::OperatorAttributes input = model.attributes(0);
  const std::size_t bytes = model::row_bytes(input);
  for (std::int32_t y = 0; y < input.height; ++y) {
    write_golden_row(static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(bytes),
                     engine.row_place(), bytes);
    engine.push_row(engine.row_place());
  }
  return engine.finish();
}

GoldenResult check_golden(const model::View& model, Engine& engine, std::uint32_t* checksums) {
  Comparison comparison(model);
  const Decision decision = run_golden(model, engine, checksums, comparison);
  return {comparison.first_wrong(), decision.positive == model.golden_decision()};
}

}  // namespace coco_mcu::engine
