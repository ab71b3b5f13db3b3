#include "exchange/import_tflite.h"

#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "exchange/metadata.h"
#include "exchange/refusal.h"
#include "exchange/tflite_layers.h"

namespace coco_mcu::exchange {
namespace {

using model::Operator;
using model::OperatorKind;

class TfliteImport {
 public:
  TfliteImport(TfliteFile from, std::string_view file, const TfliteOptions& options)
      : from_(std::move(from)), file_(file), options_(options), scope_(from_, file, made_) {
    drop_float_ends();
  }

  model::IntegerModel run() {
    made_.network = options_.name;
    made_.interface = model::Interface::kTensorflowLite;
    made_.labels = options_.labels;
    made_.decision_label = static_cast<int>(options_.labels.size()) - 1;
    take_input();
    take_metadata(from_.metadata, file_, made_);
    for (std::size_t i = first_; i < end_; ++i) {
      scope_.begin(i);
      take(from_.operators[i]);
    }
    const bool ends =
        made_.operators.back().kind == OperatorKind::kSoftmax && scope_.is_made(from_.output);
    if (!ends) fail(file_, "does not end in a softmax; convert the network with one");
    if (made_.operators.back().channels != static_cast<int>(made_.labels.size())) {
      fail(file_, fmt::format("has {} classes, not {}; give as many labels",
                              made_.operators.back().channels, made_.labels.size()));
    }
    return std::move(made_);
  }

 private:
  /// Real numbers go in and come out where the first operator quantizes and the last one does the
  /// opposite: the network in between is what is taken.
  void drop_float_ends() {
    end_ = from_.operators.size();
    if (end_ == 0) fail(file_, "has no operators; convert the network again");
    const TfliteOperator& front = from_.operators.front();
    if (front.op == TfliteOp::kQuantize && front.inputs[0] == from_.input) {
      from_.input = front.output;
      first_ = 1;
    }
    const TfliteOperator& back = from_.operators.back();
    if (back.op == TfliteOp::kDequantize && back.output == from_.output && back.inputs[0] >= 0) {
      from_.output = back.inputs[0];
      --end_;
    }
  }

  /// Codes are bytes of the picture as they stand; what they mean is the input's scale.
  void take_input() {
    Operator input = scope_.layer_for(OperatorKind::kInput, from_.input, {});
    input.name = "input";
    made_.preprocessing.height = input.height;
    made_.preprocessing.width = input.width;
    for (int c = 0; c < 3; ++c) {
      made_.preprocessing.mean[c] = static_cast<float>(input.zero_point) / 255.0F;
      made_.preprocessing.deviation[c] = 1.0F / (255.0F * input.scale);
      std::iota(made_.input_tables[static_cast<std::size_t>(c)].begin(),
                made_.input_tables[static_cast<std::size_t>(c)].end(), std::uint8_t{0});
    }
    if (input.channels != 1 && input.channels != 3) {
      fail(file_, fmt::format("reads {} channels, neither grey nor RGB pictures", input.channels));
    }
    scope_.append(std::move(input), from_.input);
  }

  void take(const TfliteOperator& op) {
    switch (op.op) {
      case TfliteOp::kConvolution:
      case TfliteOp::kDepthwise:
      case TfliteOp::kFullyConnected:
        return take_tflite_convolution(scope_, op);
      case TfliteOp::kAveragePool:
        return take_tflite_average(scope_, op);
      case TfliteOp::kMean:
        return take_tflite_mean(scope_, op);
      case TfliteOp::kMaxPool:
        return take_tflite_max_pool(scope_, op);
      case TfliteOp::kAdd:
        return scope_.tensor(op.output).type == kTfliteInt32 ? take_tflite_shift(scope_, op)
                                                             : take_tflite_add(scope_, op);
      case TfliteOp::kMul:
        return take_tflite_mul(scope_, op);
      case TfliteOp::kConcatenation:
        return take_tflite_concatenation(scope_, op);
      case TfliteOp::kReshape:
        return take_tflite_reshape(scope_, op);
      case TfliteOp::kResizeNearest:
        return take_tflite_resize(scope_, op);
      case TfliteOp::kSlice:
        return take_tflite_slice(scope_, op);
      case TfliteOp::kPad:
        return take_tflite_pad(scope_, op);
      case TfliteOp::kCast:
        return take_tflite_cast(scope_, op);
      case TfliteOp::kGather:
        return take_tflite_gather(scope_, op);
      case TfliteOp::kRelu:
      case TfliteOp::kRelu6:
      case TfliteOp::kHardSwish:
      case TfliteOp::kLogistic:
        return take_tflite_curve(scope_, op);
      case TfliteOp::kSoftmax:
        return take_softmax(op);
      case TfliteOp::kQuantize:
      case TfliteOp::kDequantize:
        scope_.refuse("stands inside the network");
    }
  }

  void take_softmax(const TfliteOperator& op) {
    const int from = scope_.source(op);
    const Operator& input = scope_.layer(from);
    if (op.output != from_.output) scope_.refuse("stands inside the network");
    Operator layer = scope_.layer_for(OperatorKind::kSoftmax, op.output, {from});
    const bool fits = layer.scale == 1.0F / 256.0F && layer.zero_point == 0;
    if (!fits || !is_usable_scale(op.beta)) scope_.refuse("its output is not in units of 1/256");
    layer.scale = 1.0F / static_cast<float>(model::kProbabilityOne);
    for (int distance = 0; distance < 256; ++distance) {
      const double value = std::exp(-double{input.scale} * double{op.beta} * distance);
      layer.exponentials.push_back(static_cast<std::uint16_t>(std::lround(65535.0 * value)));
    }
    scope_.append(std::move(layer), op.output);
  }

  TfliteFile from_;
  std::string_view file_;
  const TfliteOptions& options_;
  std::size_t first_ = 0;  // of the operators that are taken
  std::size_t end_ = 0;
  model::IntegerModel made_;
  TfliteScope scope_;
};

}  // namespace

model::IntegerModel import_tflite(std::span<const std::uint8_t> bytes, std::string_view file,
                                  const TfliteOptions& options) {
  return TfliteImport(read_tflite(bytes, file), file, options).run();
}

}  // namespace coco_mcu::exchange
