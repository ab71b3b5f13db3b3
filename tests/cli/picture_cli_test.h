// What the tests of detect, evaluate and run share: a checkpoint and pictures, good and broken.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/encoded_pictures.h"
#include "tests/support/made_up_checkpoint.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::testing {

inline void write_file(const std::filesystem::path& file, const Bytes& bytes) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

/// A grey PNG of that size: a few bytes even where it is huge.
inline Bytes grey_png(int height, int width) {
  PngRecipe recipe;
  recipe.height = height;
  recipe.width = width;
  recipe.bit_depth = 1;
  recipe.colour_type = PNG_COLOR_TYPE_GRAY;
  recipe.rows.assign(static_cast<std::size_t>(height) * ((static_cast<std::size_t>(width) + 7) / 8),
                     0x55);
  return encode_png(recipe);
}

/// A JPEG with some content, so that it can be cut and damaged.
inline Bytes colourful_jpeg(int height, int width) {
  JpegRecipe recipe;
  recipe.height = height;
  recipe.width = width;
  for (int i = 0; i < height * width * 3; ++i) {
    recipe.samples.push_back(static_cast<std::uint8_t>((i * 7919 + i / 97 * 31) % 251));
  }
  return encode_jpeg(recipe);
}

/// That the program failed with one clear line, which holds `text`.
inline void expect_refusal(const Outcome& outcome, const std::string& text) {
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, ::testing::HasSubstr(text));
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1) << outcome.errors;
}

class WithCheckpoint : public ::testing::Test {
 protected:
  void SetUp() override { network::write_checkpoint(made_up_checkpoint(), checkpoint()); }

  std::string checkpoint() const { return folder_.path() / "checkpoint"; }
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
};

}  // namespace coco_mcu::testing
