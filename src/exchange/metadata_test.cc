#include "exchange/metadata.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::exchange {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

model::IntegerModel made_up() {
  model::IntegerModel model;
  model.labels = {"no person", "person"};
  model.decision_label = 1;
  model.threshold = 20000;
  model.preprocessing.resize = core::Resize::kLegacyBilinear;
  model.preprocessing.mean[1] = 0.456F;
  model.preprocessing.deviation[2] = 0.225F;
  model.input_tables[2][7] = 9;
  return model;
}

Metadata written() {
  Metadata metadata = metadata_of(made_up());
  add_input_codes(made_up(), metadata);
  return metadata;
}

TEST(Metadata, ComesBack) {
  model::IntegerModel back;
  back.interface = model::Interface::kTensorflowLite;
  take_metadata(written(), "m.tflite", back);
  EXPECT_EQ(back, made_up());
}

TEST(Metadata, OfOthersIsLeftAlone) {
  model::IntegerModel back;
  back.labels = {"a", "b"};
  take_metadata({{"labels", "c"}, {"min_runtime_version", "1.5.0"}}, "m.tflite", back);
  EXPECT_THAT(back.labels, ::testing::ElementsAre("a", "b"));
}

TEST(Metadata, RefusesWhatExportDoesNotWrite) {
  for (const auto& [key, value] : {std::pair{"mean", "0.1,nan,0.1"},
                                   {"mean", "0.1,0.2"},
                                   {"deviation", "0.1,0.2,0.3x"},
                                   {"threshold", "2"},
                                   {"resize", "bicubic"},
                                   {"decision_label", "dog"},
                                   {"input_codes", "short"}}) {
    Metadata metadata = written();
    metadata[key] = value;
    EXPECT_THAT(
        [&] {
          model::IntegerModel back;
          take_metadata(metadata, "m.tflite", back);
        },
        ThrowsMessage<std::runtime_error>(HasSubstr(std::string("m.tflite: its metadata ") + key)));
  }
}

}  // namespace
}  // namespace coco_mcu::exchange
