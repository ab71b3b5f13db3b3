#include "training/event_file.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>

#include "dataset/tfrecord.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::training {
namespace {

/// The messages of an event file.
std::vector<std::string> messages(const std::vector<std::vector<std::uint8_t>>& records) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "events";
  std::ofstream file(path, std::ios::binary);
  for (const auto& record : records) {
    file.write(reinterpret_cast<const char*>(record.data()),
               static_cast<std::streamsize>(record.size()));
  }
  file.close();
  const dataset::TfRecordFile events(path);
  std::vector<std::string> result;
  for (std::size_t i = 0; i < events.records().size(); ++i) {
    const std::vector<std::uint8_t> bytes = events.read(i);
    result.emplace_back(bytes.begin(), bytes.end());
  }
  return result;
}

TEST(EventFile, BeginsWithItsVersion) {
  const auto found = messages({first_event(12.5)});
  ASSERT_EQ(found.size(), 1U);
  protozero::pbf_reader event(found[0]);
  ASSERT_TRUE(event.next(1));
  EXPECT_EQ(event.get_double(), 12.5);
  ASSERT_TRUE(event.next(3));
  EXPECT_EQ(event.get_string(), "brain.Event:2");
}

TEST(EventFile, ScalarsComeBackWithTheirTags) {
  const auto found = messages(
      {first_event(1.0), scalar_event(2.0, 300, {{"loss", 0.25F}, {"learning_rate", 1e-3F}})});
  ASSERT_EQ(found.size(), 2U);
  protozero::pbf_reader event(found[1]);
  ASSERT_TRUE(event.next(2));
  EXPECT_EQ(event.get_int64(), 300);
  ASSERT_TRUE(event.next(5));
  protozero::pbf_reader summary = event.get_message();
  std::vector<std::pair<std::string, float>> scalars;
  while (summary.next(1)) {
    protozero::pbf_reader value = summary.get_message();
    ASSERT_TRUE(value.next(1));
    std::string tag = value.get_string();
    ASSERT_TRUE(value.next(2));
    scalars.emplace_back(std::move(tag), value.get_float());
  }
  EXPECT_THAT(scalars, ::testing::ElementsAre(::testing::Pair("loss", 0.25F),
                                              ::testing::Pair("learning_rate", 1e-3F)));
}

}  // namespace
}  // namespace coco_mcu::training
