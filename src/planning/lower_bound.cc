#include "planning/lower_bound.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "model/row_window.h"

namespace coco_mcu::planning {
namespace {

using model::IntegerModel;
using model::Operator;
using model::OperatorKind;

constexpr std::int64_t kUnlimited = std::int64_t{1} << 40;

/// The smallest set of tensors that every way from the picture to `sink` passes through: maximum
/// flow by augmenting paths. Vertex v is split into 2v (in) and 2v + 1 (out).
class Cut {
 public:
  Cut(const IntegerModel& model, bool streams_input)
      : vertices_(2 * model.operators.size()), capacity_(vertices_ * vertices_) {
    for (std::size_t i = 0; i < model.operators.size(); ++i) {
      const Operator& layer = model.operators[i];
      const bool cannot_hold = i == 0 && streams_input;
      at(2 * i, 2 * i + 1) =
          cannot_hold ? kUnlimited : static_cast<std::int64_t>(model::tensor_bytes(layer));
      for (const int input : layer.inputs) {
        at(2 * static_cast<std::size_t>(input) + 1, 2 * i) = kUnlimited;
      }
    }
  }

  std::int64_t bytes(std::size_t sink) {
    std::int64_t flow = 0;
    for (std::int64_t more = augment(2 * sink + 1); more > 0; more = augment(2 * sink + 1)) {
      flow += more;
    }
    return flow;
  }

 private:
  std::int64_t& at(std::size_t from, std::size_t to) { return capacity_[from * vertices_ + to]; }

  std::int64_t augment(std::size_t sink) {
    std::vector<std::size_t> from(vertices_, vertices_);
    std::vector<std::size_t> queue = {0};
    from[0] = 0;
    for (std::size_t next = 0; next < queue.size() && from[sink] == vertices_; ++next) {
      for (std::size_t to = 0; to < vertices_; ++to) {
        if (from[to] != vertices_ || at(queue[next], to) == 0) continue;
        from[to] = queue[next];
        queue.push_back(to);
      }
    }
    if (from[sink] == vertices_) return 0;
    std::int64_t amount = kUnlimited;
    for (std::size_t v = sink; v != 0; v = from[v]) amount = std::min(amount, at(from[v], v));
    for (std::size_t v = sink; v != 0; v = from[v]) {
      at(from[v], v) -= amount;
      at(v, from[v]) += amount;
    }
    return amount;
  }

  std::size_t vertices_;
  std::vector<std::int64_t> capacity_;
};

/// Whether `layer` depends on an average over rows.
std::vector<bool> behind_average(const IntegerModel& model) {
  std::vector<bool> result(model.operators.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const Operator& layer = model.operators[i];
    for (const int input : layer.inputs) {
      const auto at = static_cast<std::size_t>(input);
      if (result[at]) result[i] = true;
    }
    if (layer.kind == OperatorKind::kGlobalAverage) result[i] = true;
  }
  return result;
}

std::int64_t rows_of_one_step(const IntegerModel& model, const Operator& layer) {
  auto bytes = static_cast<std::int64_t>(model::row_bytes(layer));
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const Operator& read = model.operators[static_cast<std::size_t>(layer.inputs[i])];
    const int index = static_cast<int>(i);
    if (model::may_overwrite(layer.kind, index)) continue;
    const int span = std::min<int>(model::row_window(layer, index, read).span, read.height);
    bytes += span * static_cast<std::int64_t>(model::row_bytes(read));
  }
  return bytes;
}

void raise(LowerBound& bound, std::int64_t bytes, const std::string& reason) {
  if (bytes > bound.bytes) bound = {bytes, reason};
}

}  // namespace

LowerBound lower_bound(const IntegerModel& model, bool streams_input) {
  LowerBound bound;
  const std::vector<bool> is_behind = behind_average(model);
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const Operator& layer = model.operators[i];
    raise(bound, rows_of_one_step(model, layer), layer.name + " needs its window and one row");
    if (layer.kind != OperatorKind::kMultiply ||
        !is_behind[static_cast<std::size_t>(layer.inputs[1])]) {
      continue;
    }
    const auto x = static_cast<std::size_t>(layer.inputs[0]);
    raise(bound, Cut(model, streams_input).bytes(x),
          layer.name + " waits for an average; what it multiplies must follow from what is kept");
  }
  if (!streams_input) {
    const Operator& picture = model.operators.front();
    raise(bound, static_cast<std::int64_t>(model::tensor_bytes(picture)), "the picture is held");
  }
  return bound;
}

}  // namespace coco_mcu::planning
