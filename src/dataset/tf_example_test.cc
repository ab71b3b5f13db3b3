#include "dataset/tf_example.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/sha256.h"
#include "tests/support/complaint.h"
#include "tf_example_test.pb.h"

namespace coco_mcu::dataset {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

Example dog_and_person() {
  Example example;
  example.file_name = "a/b.jpg";
  example.id = 25096;
  example.height = 100;
  example.width = 200;
  example.label = true;
  example.objects = {{{0.25F, 0.5F, 0.75F, 1.0F}, 0.25F, true},
                     {{0.0F, 0.0F, 0.125F, 0.5F}, 0.0625F, false}};
  example.encoded = {0xff, 0xd8, 0xff, 0x00, 0x01};
  return example;
}

proto::Example googles(const Bytes& bytes) {
  proto::Example example;
  EXPECT_TRUE(example.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return example;
}

Bytes serialized(const proto::Example& example) {
  const std::string bytes = example.SerializeAsString();
  return {bytes.begin(), bytes.end()};
}

Example parse(const Bytes& bytes) {
  return parse_example(bytes, "a.tfrecord, record 3");
}

/// What reading says of an example in which `change` was done to the features.
template <typename Change>
std::string complaint_after(Change change) {
  proto::Example example = googles(serialize_example(dog_and_person()));
  change(*example.mutable_features()->mutable_feature());
  return testing::complaint([&] { parse(serialized(example)); });
}

TEST(TfExample, GooglesParserReadsEveryFeature) {
  const proto::Example read = googles(serialize_example(dog_and_person()));
  const auto& features = read.features().feature();
  const auto bytes = [&](const char* name) { return features.at(name).bytes_list().value(0); };
  const auto integer = [&](const char* name) { return features.at(name).int64_list().value(0); };
  const auto floats = [&](const char* name) { return features.at(name).float_list().value(); };
  EXPECT_EQ(features.size(), 15U);
  EXPECT_EQ(bytes("image/encoded"), std::string("\xff\xd8\xff\0\x01", 5));
  EXPECT_EQ(bytes("image/format"), "jpeg");
  EXPECT_EQ(bytes("image/filename"), "a/b.jpg");
  EXPECT_EQ(bytes("image/source_id"), "25096");
  EXPECT_EQ(bytes("image/key/sha256"), sha256(dog_and_person().encoded));
  EXPECT_EQ(bytes("image/class/text"), "person");
  EXPECT_EQ(integer("image/class/label"), 1);
  EXPECT_EQ(integer("image/height"), 100);
  EXPECT_EQ(integer("image/width"), 200);
  EXPECT_THAT(floats("image/object/bbox/xmin"), ElementsAre(0.25F, 0.0F));
  EXPECT_THAT(floats("image/object/bbox/ymin"), ElementsAre(0.5F, 0.0F));
  EXPECT_THAT(floats("image/object/bbox/xmax"), ElementsAre(0.75F, 0.125F));
  EXPECT_THAT(floats("image/object/bbox/ymax"), ElementsAre(1.0F, 0.5F));
  EXPECT_THAT(floats("image/object/area"), ElementsAre(5000.0F, 1250.0F));
  EXPECT_THAT(features.at("image/object/class/label").int64_list().value(), ElementsAre(1, 0));
}

TEST(TfExample, EqualExamplesAreEqualBytesInOrderOfNames) {
  const Bytes bytes = serialize_example(dog_and_person());
  EXPECT_EQ(serialize_example(dog_and_person()), bytes);
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_LT(text.find("image/class/label"), text.find("image/encoded"));
  EXPECT_LT(text.find("image/encoded"), text.find("image/width"));
}

TEST(TfExample, ComesBackAsItWas) {
  const Example example = dog_and_person();
  const Example read = parse(serialize_example(example));
  EXPECT_EQ(read.file_name, example.file_name);
  EXPECT_EQ(read.id, example.id);
  EXPECT_EQ(read.height, example.height);
  EXPECT_EQ(read.width, example.width);
  EXPECT_EQ(read.label, example.label);
  EXPECT_EQ(read.encoded, example.encoded);
  EXPECT_EQ(read.class_name, "person");
  EXPECT_FALSE(read.is_weakly_positive);
  ASSERT_EQ(read.objects.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read.objects[i].box, example.objects[i].box);
    EXPECT_EQ(read.objects[i].area, example.objects[i].area);
    EXPECT_EQ(read.objects[i].is_class, example.objects[i].is_class);
  }
  EXPECT_EQ(serialize_example(read), serialize_example(example));
}

TEST(TfExample, BackgroundAndUnlabelledPictures) {
  Example example = dog_and_person();
  example.label = false;
  EXPECT_EQ(googles(serialize_example(example))
                .features()
                .feature()
                .at("image/class/text")
                .bytes_list()
                .value(0),
            "background");
  EXPECT_EQ(parse(serialize_example(example)).label, std::optional(false));
  example.label.reset();
  example.is_weakly_positive = true;
  const Bytes bytes = serialize_example(example);
  EXPECT_FALSE(googles(bytes).features().feature().contains("image/class/label"));
  EXPECT_EQ(parse(bytes).label, std::nullopt);
  EXPECT_TRUE(parse(bytes).is_weakly_positive);
}

TEST(TfExample, TheBytesTellTheFormat) {
  Example example = dog_and_person();
  example.encoded = {0x89, 'P', 'N', 'G'};
  EXPECT_EQ(googles(serialize_example(example))
                .features()
                .feature()
                .at("image/format")
                .bytes_list()
                .value(0),
            "png");
}

TEST(TfExample, PicturesWithoutObjectsHaveEmptyLists) {
  Example example = dog_and_person();
  example.objects.clear();
  const Bytes bytes = serialize_example(example);
  const proto::Example read = googles(bytes);
  EXPECT_TRUE(read.features().feature().at("image/object/area").has_float_list());
  EXPECT_THAT(parse(bytes).objects, IsEmpty());
}

TEST(TfExample, ReadsWhatTensorFlowsBuilderWrites) {
  proto::Example example = googles(serialize_example(dog_and_person()));
  auto& features = *example.mutable_features()->mutable_feature();
  features.erase("image/object/class/label");
  features.erase("image/class/text");
  features["image/further"].mutable_float_list()->add_value(1.0F);
  const Example read = parse(serialized(example));
  EXPECT_EQ(read.label, std::optional(true));
  EXPECT_TRUE(read.objects.at(1).is_class);
}

TEST(TfExample, NumbersNeedNotBePacked) {
  proto::Example without = googles(serialize_example(dog_and_person()));
  without.mutable_features()->mutable_feature()->erase("image/height");
  Bytes bytes = serialized(without);
  // An Example that goes on: its one feature's list holds 100 as a varint of its own.
  const Bytes more = {0x0a, 0x16, 0x0a, 0x14, 0x0a, 0x0c, 'i',  'm',  'a',  'g',  'e',  '/',
                      'h',  'e',  'i',  'g',  'h',  't',  0x12, 0x04, 0x1a, 0x02, 0x08, 0x64};
  bytes.insert(bytes.end(), more.begin(), more.end());
  EXPECT_EQ(parse(bytes).height, 100);
}

TEST(TfExample, EveryCutIsRefusedWithItsPlace) {
  const Bytes bytes = serialize_example(dog_and_person());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
    EXPECT_THAT(testing::complaint([&] { parse(cut); }),
                AllOf(HasSubstr("a.tfrecord, record 3: "), HasSubstr("build the data set again")));
  }
}

TEST(TfExample, MissingFeaturesAreNamed) {
  for (const char* const name :
       {"image/encoded", "image/filename", "image/source_id", "image/height", "image/width"}) {
    EXPECT_THAT(complaint_after([&](auto& features) { features.erase(name); }),
                HasSubstr("`" + std::string(name) + "` is missing"));
  }
}

TEST(TfExample, OtherTypesAndLengthsAreRefused) {
  EXPECT_THAT(complaint_after([](auto& features) {
                features["image/height"].mutable_float_list()->add_value(1.0F);
              }),
              HasSubstr("`image/height` is not of type int64"));
  EXPECT_THAT(complaint_after([](auto& features) {
                features["image/height"].mutable_int64_list()->add_value(1);
              }),
              HasSubstr("`image/height` holds 2 values"));
  EXPECT_THAT(complaint_after([](auto& features) {
                features["image/width"].mutable_int64_list()->set_value(0, 0);
              }),
              HasSubstr("`image/width` is 0"));
  EXPECT_THAT(complaint_after([](auto& features) {
                features["image/source_id"].mutable_bytes_list()->set_value(0, "12x");
              }),
              HasSubstr("`image/source_id` is not a whole number"));
  EXPECT_THAT(complaint_after([](auto& features) {
                features["image/object/area"].mutable_float_list()->add_value(1.0F);
              }),
              HasSubstr("of different lengths"));
}

}  // namespace
}  // namespace coco_mcu::dataset
