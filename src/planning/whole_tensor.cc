#include "planning/whole_tensor.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>

#include "model/header.h"

namespace coco_mcu::planning {
namespace {

using model::IntegerModel;
using model::Operator;

/// Memory that is in use from layer `first` to layer `last`.
struct Buffer {
  std::size_t bytes = 0;
  int first = 0;
  int last = 0;
  std::uint32_t offset = 0;

  bool lives_with(const Buffer& other) const { return first <= other.last && other.first <= last; }
  std::uint32_t end() const { return offset + static_cast<std::uint32_t>(bytes); }
};

std::vector<int> last_readers(const IntegerModel& model) {
  std::vector<int> last(model.operators.size());
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    for (const int input : model.operators[i].inputs) {
      last[static_cast<std::size_t>(input)] = static_cast<int>(i);
    }
  }
  last.back() = static_cast<int>(model.operators.size()) - 1;
  return last;
}

/// The input whose memory layer `index` may take over, or -1.
int overwritten_input(const IntegerModel& model, int index, const std::vector<int>& last) {
  const Operator& layer = model.operators[static_cast<std::size_t>(index)];
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const int input = layer.inputs[i];
    const Operator& source = model.operators[static_cast<std::size_t>(input)];
    const bool read_once = std::count(layer.inputs.begin(), layer.inputs.end(), input) == 1;
    if (read_once && last[static_cast<std::size_t>(input)] == index &&
        model::may_overwrite(layer.kind, static_cast<int>(i)) &&
        model::tensor_bytes(source) == model::tensor_bytes(layer)) {
      return input;
    }
  }
  return -1;
}

/// The lowest address where `buffer` is free of all that live at its time.
std::uint32_t lowest_free(const Buffer& buffer, const std::vector<const Buffer*>& placed) {
  std::vector<const Buffer*> neighbours;
  std::copy_if(placed.begin(), placed.end(), std::back_inserter(neighbours),
               [&](const Buffer* other) { return other->lives_with(buffer); });
  std::sort(neighbours.begin(), neighbours.end(),
            [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; });
  std::uint32_t offset = 0;
  for (const Buffer* other : neighbours) {
    if (offset + buffer.bytes <= other->offset) break;
    offset = std::max(offset, model::align_up(other->end()));
  }
  return offset;
}

void place(std::vector<Buffer>& buffers) {
  std::vector<Buffer*> order;
  order.reserve(buffers.size());
  for (Buffer& buffer : buffers) order.push_back(&buffer);
  std::stable_sort(order.begin(), order.end(),
                   [](const Buffer* a, const Buffer* b) { return a->bytes > b->bytes; });
  std::vector<const Buffer*> placed;
  for (Buffer* buffer : order) {
    buffer->offset = lowest_free(*buffer, placed);
    placed.push_back(buffer);
  }
}

}  // namespace

model::Plan plan_whole_tensors(const IntegerModel& model) {
  const std::vector<int> last = last_readers(model);
  const std::size_t layers = model.operators.size();
  std::vector<Buffer> buffers;
  std::vector<std::size_t> tensor_buffers(layers);
  std::vector<std::size_t> scratch_buffers(layers);
  for (std::size_t i = 0; i < layers; ++i) {
    const Operator& layer = model.operators[i];
    const int now = static_cast<int>(i);
    const int taken = overwritten_input(model, now, last);
    if (taken >= 0) {
      tensor_buffers[i] = tensor_buffers[static_cast<std::size_t>(taken)];
      buffers[tensor_buffers[i]].last = last[i];
    } else {
      tensor_buffers[i] = buffers.size();
      buffers.push_back({model::tensor_bytes(layer), now, last[i]});
    }
    const Operator& input =
        layer.inputs.empty() ? layer : model.operators[static_cast<std::size_t>(layer.inputs[0])];
    scratch_buffers[i] = buffers.size();
    buffers.push_back({model::scratch_bytes(layer, input), now, now});
  }
  place(buffers);
  model::Plan plan;
  for (std::size_t i = 0; i < layers; ++i) {
    const model::PlanStep step = {static_cast<int>(i), model.operators[i].height,
                                  buffers[tensor_buffers[i]].offset,
                                  buffers[scratch_buffers[i]].offset};
    plan.passes.push_back({step});
  }
  for (const Buffer& buffer : buffers) {
    plan.arena_bytes = std::max(plan.arena_bytes, model::align_up(buffer.end()));
  }
  return plan;
}

}  // namespace coco_mcu::planning
