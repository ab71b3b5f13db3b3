// What the importers of TensorFlow Lite's operators share: the file, the model that is made of it,
// and what each of its tensors is by now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "exchange/grid.h"
#include "exchange/tflite_file.h"
#include "model/integer_model.h"

namespace coco_mcu::exchange {

constexpr int kTfliteToCode = 128;  // code = int8 + 128

/// Whether numbers in these units can be computed with here. False for NaN.
bool is_usable_scale(float scale);

/// Of one picture's tensor.
struct TfliteExtent {
  int height = 1;
  int width = 1;
  int channels = 1;

  bool operator==(const TfliteExtent&) const = default;
};

Grid grid_of(const model::Operator& layer);
TfliteExtent extent_of(const model::Operator& layer);

/// The codes that a fused relu or relu6 lets through.
void limit(const TfliteOperator& op, const Grid& codes, core::LayerRequantization& limits);

/// A tensor of theirs: row i is row (i - padding + offset) / factor of the codes of a layer,
/// columns likewise.
struct TfliteValue {
  int layer = 0;  // index of the operator of ours
  int factor = 1;
  int offset = 0;
  int padding = 0;       // zeros around it
  bool is_flat = false;  // rows, columns and channels are one dimension
  int shift = 0;         // int32 numbers: int8 plus this
  bool is_int32 = false;
  TfliteExtent extent;

  /// Whether it is the layer's codes as they stand.
  bool is_plain() const {
    return factor == 1 && offset == 0 && padding == 0 && !is_flat && !is_int32;
  }
};

class TfliteScope {
 public:
  TfliteScope(const TfliteFile& from, std::string_view file, model::IntegerModel& made)
      : from_(from), file_(file), made_(made) {}

  /// The operator that refuse() speaks of.
  void begin(std::size_t index) { index_ = index; }
  [[noreturn]] void refuse(std::string_view reason) const;

  const TfliteTensor& tensor(int index) const {
    return from_.tensors[static_cast<std::size_t>(index)];
  }
  bool is_constant(int index) const { return index >= 0 && !tensor(index).data.empty(); }

  /// Refuses what is not one picture's.
  TfliteExtent extent(int tensor) const;
  /// Zero points as codes. Refuses what is not int8 with one scale.
  Grid grid(int tensor) const;

  /// The data of a constant, `count` numbers; zeros where it is left out (-1).
  template <typename Number>
  std::vector<Number> constants(int index, std::size_t count, int type) const {
    if (index < 0) return std::vector<Number>(count, 0);
    const TfliteTensor& of = tensor(index);
    if (of.type != type || of.data.size() != count * sizeof(Number)) {
      refuse(fmt::format("tensor {} does not hold {} numbers of its type", of.name, count));
    }
    std::vector<Number> numbers(count);
    std::memcpy(numbers.data(), of.data.data(), of.data.size());
    return numbers;
  }

  /// A layer that makes the tensor's codes.
  model::Operator layer_for(model::OperatorKind kind, int output, std::vector<int> inputs) const;
  /// Its index; the tensor is its codes from now on.
  int append(model::Operator layer, int output);
  void bind(int tensor, const TfliteValue& value) { values_[tensor] = value; }
  bool is_made(int tensor) const { return values_.contains(tensor); }

  const model::Operator& layer(int index) const {
    return made_.operators[static_cast<std::size_t>(index)];
  }

  /// Input number `which`. Refuses what no operator before has made.
  const TfliteValue& value(const TfliteOperator& of, std::size_t which = 0) const;
  /// The layer whose codes it is as they stand: one more that repeats or cuts rows and columns
  /// where it is read at an index.
  int source(const TfliteOperator& of, std::size_t which = 0);

 private:
  const TfliteFile& from_;
  std::string_view file_;
  model::IntegerModel& made_;
  std::size_t index_ = 0;
  std::map<int, TfliteValue> values_;
};

}  // namespace coco_mcu::exchange
