#include "report/picture.h"

#include <cstddef>
#include <filesystem>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

namespace coco_mcu::report {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr Colour kRed = {200, 10, 20};
constexpr Colour kWhite = {255, 255, 255};

Colour pixel(const Picture& picture, int x, int y) {
  const std::size_t at = (static_cast<std::size_t>(y) * picture.width + x) * 3;
  return {picture.rgb.at(at), picture.rgb.at(at + 1), picture.rgb.at(at + 2)};
}

std::filesystem::path scratch(const char* name) {
  const auto folder = std::filesystem::temp_directory_path() /
                      testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::create_directories(folder);
  return folder / name;
}

Picture read_png(const std::filesystem::path& file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_file(&image, file.c_str()), 0);
  image.format = PNG_FORMAT_RGB;
  Picture picture{static_cast<int>(image.height), static_cast<int>(image.width), {}};
  picture.rgb.resize(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, picture.rgb.data(), 0, nullptr), 0);
  return picture;
}

TEST(FillRectangle, ClipsAtTheBorders) {
  Picture picture = filled(4, 6, kWhite);
  fill_rectangle(picture, 4, -1, 10, 3, kRed);
  EXPECT_EQ(pixel(picture, 4, 0), kRed);
  EXPECT_EQ(pixel(picture, 5, 1), kRed);
  EXPECT_EQ(pixel(picture, 3, 0), kWhite);
  EXPECT_EQ(pixel(picture, 4, 2), kWhite);
}

TEST(DrawText, ScalesGlyphsAndClips) {
  Picture picture = filled(20, 30, kWhite);
  draw_text(picture, 2, 1, "T-", 2, kRed);
  EXPECT_EQ(pixel(picture, 2, 1), kRed);     // upper left dot of T, two pixels wide
  EXPECT_EQ(pixel(picture, 11, 2), kRed);    // its upper right
  EXPECT_EQ(pixel(picture, 12, 2), kWhite);  // between the glyphs
  EXPECT_EQ(pixel(picture, 2, 3), kWhite);
  EXPECT_EQ(pixel(picture, 6, 14), kRed);  // the foot of T
  EXPECT_EQ(pixel(picture, 14, 7), kRed);  // the dash
  draw_text(picture, -3, 15, "edges are clipped", 2, kRed);
}

TEST(Paste, CopiesOrRefuses) {
  Picture picture = filled(4, 5, kWhite);
  paste(picture, 3, 2, filled(2, 2, kRed));
  EXPECT_EQ(pixel(picture, 3, 2), kRed);
  EXPECT_EQ(pixel(picture, 4, 3), kRed);
  EXPECT_EQ(pixel(picture, 2, 2), kWhite);
  EXPECT_THROW(paste(picture, 4, 2, filled(2, 2, kRed)), std::invalid_argument);
  EXPECT_THROW(paste(picture, 0, -1, filled(2, 2, kRed)), std::invalid_argument);
}

TEST(CheckPicture, RefusesSizesThatDoNotFit) {
  EXPECT_THROW(filled(0, 3, kRed), std::invalid_argument);
  EXPECT_THROW(filled(3, -1, kRed), std::invalid_argument);
  EXPECT_THROW(check({2, 2, std::vector<std::uint8_t>(11)}), std::invalid_argument);
}

TEST(WritePng, ReadsBackTheSame) {
  Picture picture = filled(7, 5, kWhite);
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    picture.rgb[i] = static_cast<std::uint8_t>(i * 37);
  }
  const std::filesystem::path file = scratch("picture.png");
  write_png(file, filled(1, 1, kRed));
  write_png(file, picture);  // replaces the first
  const Picture read = read_png(file);
  EXPECT_EQ(read.height, 7);
  EXPECT_EQ(read.width, 5);
  EXPECT_EQ(read.rgb, picture.rgb);
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".part"));
  std::filesystem::remove_all(file.parent_path());
}

TEST(WritePng, NamesTheFileThatCannotBeWritten) {
  const std::filesystem::path file = scratch("missing") / "picture.png";
  EXPECT_THAT(
      [&] { write_png(file, filled(1, 1, kRed)); },
      ThrowsMessage<std::runtime_error>(HasSubstr("missing/picture.png: cannot be written")));
  const std::filesystem::path folder = scratch("folder.png");
  std::filesystem::create_directories(folder / "inside");
  EXPECT_THAT(
      [&] { write_png(folder, filled(1, 1, kRed)); },
      ThrowsMessage<std::runtime_error>(HasSubstr("folder.png: cannot be put in its place")));
  EXPECT_FALSE(std::filesystem::exists(folder.string() + ".part"));
  std::filesystem::remove_all(folder.parent_path());
}

}  // namespace
}  // namespace coco_mcu::report
