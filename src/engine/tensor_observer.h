// Whole tensors from a run that computes them row by row. On hosts: it takes memory from the heap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/engine.h"

namespace coco_mcu::engine {

/// Sees every layer's output as soon as all of it is there.
class TensorObserver : public Observer {
 public:
  explicit TensorObserver(const model::View& model)
      : model_(model), tensors_(static_cast<std::size_t>(model.operator_count())) {}

  /// A tensor in row order; a layer that the plan computes again comes again.
  virtual void on_tensor(int layer, const std::uint8_t* tensor) = 0;

  void on_rows(int layer, std::int32_t first, std::int32_t count, const std::uint8_t* rows) final {
    const model::OperatorView view = model_.layer(layer);
    std::vector<std::uint8_t>& tensor = tensors_[static_cast<std::size_t>(layer)];
    tensor.resize(model::tensor_bytes(view));
    const std::size_t bytes = model::row_bytes(view);
    std::copy_n(
        rows, static_cast<std::size_t>(count) * bytes,
        tensor.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(first) * bytes));
    if (first + count == view.height) on_tensor(layer, tensor.data());
  }

 protected:
  ~TensorObserver() = default;
  const model::View& model() const { return model_; }

 private:
  model::View model_;
  std::vector<std::vector<std::uint8_t>> tensors_;  // what is there of each layer's
};

}  // namespace coco_mcu::engine
