#include "model/verify.h"

#include "model/header.h"
#include "model/integer_model_generated.h"
#include "model/verify_layer.h"
#include "model/verify_plan.h"

namespace coco_mcu::model {
namespace {

/// Whether every string, vector and table that a View reads is there.
bool is_complete(const file::Model& model) {
  if (model.network() == nullptr || model.mean() == nullptr || model.deviation() == nullptr ||
      model.operators() == nullptr || model.labels() == nullptr || model.provenance() == nullptr ||
      model.data() == nullptr || model.plan() == nullptr || model.plan()->pass_ends() == nullptr ||
      model.plan()->steps() == nullptr || model.golden() == nullptr ||
      model.golden()->checksums() == nullptr) {
    return false;
  }
  for (const file::Operator* layer : *model.operators()) {
    if (layer->name() == nullptr) return false;
  }
  for (const file::Entry* entry : *model.provenance()) {
    if (entry->key() == nullptr || entry->value() == nullptr) return false;
  }
  return true;
}

bool is_normal(float value) {
  return value > -1e6F && value < 1e6F;
}  // false for NaN

const char* wrong_preprocessing(const file::Model& model) {
  if (model.interface() > static_cast<std::uint8_t>(Interface::kTensorflowLite)) {
    return "interface is unknown; update coco_mcu";
  }
  if (model.resize() > static_cast<std::uint8_t>(core::Resize::kBilinear)) {
    return "resize method is unknown; update coco_mcu";
  }
  if (model.mean()->size() != 3 || model.deviation()->size() != 3) {
    return "preprocessing does not have three channels; lower the network again";
  }
  for (flatbuffers::uoffset_t c = 0; c < 3; ++c) {
    const float deviation = model.deviation()->Get(c);
    if (!is_normal(model.mean()->Get(c)) || !is_normal(deviation) || deviation < 1e-6F) {
      return "mean or deviation of the preprocessing is no usable number; lower the network again";
    }
  }
  const std::uint64_t data_bytes = model.data()->size();
  if (std::uint64_t{model.input_tables_at()} + 3 * 256 > data_bytes) {
    return "input tables lie outside the file; lower the network again";
  }
  return nullptr;
}

const char* wrong_counts(const file::Model& model) {
  const flatbuffers::uoffset_t layers = model.operators()->size();
  if (layers < 2 || layers > kMaxLayers) return "number of layers is not within 2..1024";
  if (model.golden()->checksums()->size() != layers) {
    return "golden vector does not have a checksum for every layer; lower the network again";
  }
  const auto classes = model.operators()->Get(layers - 1)->channels();
  if (model.labels()->size() != classes || model.decision_label() >= classes) {
    return "labels do not fit the last layer's channels; lower the network again";
  }
  return model.threshold() > kProbabilityOne ? "decision threshold is above 1" : nullptr;
}

}  // namespace

Refusal verify(const std::uint8_t* bytes, std::size_t size) {
  if (const Refusal refusal = check_header(bytes, size)) return refusal;
  flatbuffers::Verifier verifier(bytes + sizeof(Header), size - sizeof(Header));
  if (!file::VerifyModelBuffer(verifier)) {
    return whole_file("has broken offsets inside; lower the network again");
  }
  const file::Model& model = *file::GetModel(bytes + sizeof(Header));
  if (!is_complete(model)) return whole_file("lacks a part; lower the network again");
  if (reinterpret_cast<std::uintptr_t>(model.data()->data()) % kAlignment != 0) {
    return whole_file("has unaligned weights; lower the network again");
  }
  if (const char* reason = wrong_preprocessing(model)) return whole_file(reason);
  if (const char* reason = wrong_counts(model)) return whole_file(reason);
  if (const Refusal refusal = verify_layers(model)) return refusal;
  return verify_plan(View(bytes));
}

}  // namespace coco_mcu::model
