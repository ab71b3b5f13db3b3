#include "dataset/image.h"

#include <fstream>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/encoded_pictures.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::dataset {
namespace {

using coco_mcu::testing::Bytes;
using coco_mcu::testing::encode_jpeg;
using coco_mcu::testing::encode_png;
using coco_mcu::testing::one_colour;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

namespace fs = std::filesystem;

/// A folder of its own for each test, gone with it.
class Folder : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const Bytes& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }

  coco_mcu::testing::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST(Image, TheContentDecidesNotTheEnding) {
  const Bytes pixels = one_colour(8, 10, {10, 20, 30});
  const Bytes png = encode_png({.height = 8, .width = 10, .rows = pixels});
  EXPECT_EQ(decode_image(png, "really_a_png.jpg").rgb, pixels);
}

TEST(Image, OtherFilesAreRefused) {
  EXPECT_THAT([] { decode_image({}, "empty.jpg"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("empty.jpg: is empty")));
  EXPECT_THAT([] { decode_image(Bytes(100, 'G'), "a.gif"); },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("a.gif: is neither a JPEG nor a PNG"), HasSubstr("convert"))));
}

TEST(Image, TooFewPixelsAreRefused) {
  const Bytes one = encode_png({.height = 1, .width = 1, .rows = {1, 2, 3}});
  EXPECT_THAT([&] { decode_image(one, "pixel.png"); },
              ThrowsMessage<std::runtime_error>(
                  AllOf(HasSubstr("pixel.png: 1x1"), HasSubstr("at least 8"))));
  const Bytes flat =
      encode_jpeg({.height = 7, .width = 100, .samples = one_colour(7, 100, {1, 2, 3})});
  EXPECT_THAT([&] { decode_image(flat, "flat.jpg"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("flat.jpg: 100x7")));
  EXPECT_EQ(decode_image(one, "pixel.png", {.min_side = 1}).rgb, (Bytes{1, 2, 3}));
}

TEST(Image, TheCallersLimitsHold) {
  const Bytes bytes = encode_png({.height = 20, .width = 30, .rows = Bytes(20 * 30 * 3, 9)});
  EXPECT_THROW(decode_image(bytes, "a", {.max_side = 29}), std::runtime_error);
  EXPECT_THROW(decode_image(bytes, "a", {.max_pixels = 599}), std::runtime_error);
  EXPECT_EQ(decode_image(bytes, "a", {.max_side = 30, .max_pixels = 600}).width, 30);
}

TEST(Image, IsPreparedForTheNetwork) {
  core::Preprocessing preprocessing;
  preprocessing.height = 96;
  preprocessing.width = 64;
  const Image image{20, 30, one_colour(20, 30, {10, 200, 90})};
  const Image prepared = prepare(image, preprocessing);
  EXPECT_EQ(prepared.height, 96);
  EXPECT_EQ(prepared.width, 64);
  EXPECT_EQ(prepared.rgb, one_colour(96, 64, {10, 200, 90}));
  EXPECT_THROW(prepare(image, {}), std::invalid_argument);
}

TEST(Image, TheMethodOfPreparationIsObeyed) {
  core::Preprocessing preprocessing;
  preprocessing.height = 1;
  preprocessing.width = 2;
  const Image image{1, 4, {0, 0, 0, 100, 100, 100, 200, 200, 200, 240, 240, 240}};
  preprocessing.resize = core::Resize::kLegacyBilinear;
  EXPECT_THAT(prepare(image, preprocessing).rgb, ElementsAre(0, 0, 0, 200, 200, 200));
  preprocessing.resize = core::Resize::kBilinear;
  EXPECT_THAT(prepare(image, preprocessing).rgb, ElementsAre(50, 50, 50, 220, 220, 220));
}

using ReadImage = Folder;

TEST_F(ReadImage, ReadsAFile) {
  const Bytes pixels = one_colour(9, 11, {10, 20, 30});
  const fs::path path = write("a.png", encode_png({.height = 9, .width = 11, .rows = pixels}));
  EXPECT_EQ(read_image(path).rgb, pixels);
}

TEST_F(ReadImage, NamesTheFileThatCannotBeRead) {
  EXPECT_THAT([&] { read_image(folder_ / "absent.jpg"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("absent.jpg: cannot be read: No such")));
  EXPECT_THROW(read_image(folder_), std::runtime_error);
}

using ListPictures = Folder;

TEST_F(ListPictures, AFileIsItself) {
  const fs::path path = write("no_ending", {});
  EXPECT_THAT(list_pictures(path), ElementsAre(path));
}

TEST_F(ListPictures, AFolderIsItsPicturesSorted) {
  for (const auto* const name :
       {"b.JPG", "a.png", "c.jpeg", "d.PnG", "e.txt", "jpg", "f.jpg.bak"}) {
    write(name, {});
  }
  fs::create_directory(folder_ / "folder.jpg");
  EXPECT_THAT(list_pictures(folder_), ElementsAre(folder_ / "a.png", folder_ / "b.JPG",
                                                  folder_ / "c.jpeg", folder_ / "d.PnG"));
}

TEST_F(ListPictures, NothingToListIsAnError) {
  EXPECT_THAT([&] { list_pictures(folder_); },
              ThrowsMessage<std::runtime_error>(HasSubstr("holds no .jpg")));
  EXPECT_THAT([&] { list_pictures(folder_ / "absent"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("absent: no such file or folder")));
}

TEST(Photographs, AllOfASplitAreRead) {
  const auto folder = coco_mcu::testing::shared_material("data/val");
  if (!folder) GTEST_SKIP() << "needs the shared photographs (COCO_MCU_SHARED)";
  const auto pictures = list_pictures(*folder);
  EXPECT_EQ(pictures.size(), 283U);
  for (const fs::path& picture : pictures) {
    const Image image = read_image(picture);
    EXPECT_EQ(image.rgb.size(), std::size_t{3} * image.height * image.width);
  }
}

}  // namespace
}  // namespace coco_mcu::dataset
