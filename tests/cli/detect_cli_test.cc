#include "tests/cli/picture_cli_test.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using testing::Bytes;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::Outcome;
using testing::write_file;

class Detect : public testing::WithCheckpoint {
 protected:
  Outcome detect(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"detect", "--checkpoint", checkpoint()});
    return testing::run_program(arguments);
  }

  /// One picture that cannot be read: its line, the closing line, and nothing on stdout.
  void expect_unreadable(const fs::path& picture, const std::string& text) const {
    const Outcome outcome = detect({picture});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.output, "");
    EXPECT_THAT(outcome.errors, HasSubstr(picture.string()));
    EXPECT_THAT(outcome.errors, HasSubstr(text));
    EXPECT_THAT(outcome.errors, HasSubstr("1 of 1 pictures could not be read"));
    EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 2) << outcome.errors;
  }
};

TEST_F(Detect, PrintsALinePerPicture) {
  const Outcome outcome = detect({"samples"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 5);
  EXPECT_THAT(outcome.output, MatchesRegex("((no )?person +[01]\\.[0-9]+  samples/[a-z.]+\n)+"));
  EXPECT_EQ(outcome.errors, "");
}

TEST_F(Detect, PrintsJsonOnly) {
  const Outcome outcome = detect({"--json", "samples/chelsea.png", "samples/coffee.jpg"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto objects = testing::json_lines(outcome.output);
  ASSERT_EQ(objects.size(), 2U);
  EXPECT_EQ(objects[0]["file"], "samples/chelsea.png");
  EXPECT_EQ(objects[1]["file"], "samples/coffee.jpg");
  for (const auto& object : objects) {
    EXPECT_GE(object["person"].get<double>(), 0.0);
    EXPECT_LE(object["person"].get<double>(), 1.0);
    EXPECT_GT(object["milliseconds"].get<double>(), 0.0);
    const bool person = object["person"].get<double>() > 0.5;
    EXPECT_EQ(object["label"], person ? "person" : "no person");
  }
}

TEST_F(Detect, TheThresholdDecides) {
  const Outcome always = detect({"--threshold", "0", "samples/chelsea.png"});
  EXPECT_THAT(always.output, ::testing::StartsWith("person"));
  const Outcome never = detect({"--threshold", "1", "samples/chelsea.png"});
  EXPECT_THAT(never.output, ::testing::StartsWith("no person"));
  EXPECT_EQ(detect({"--threshold", "1.5", "samples/chelsea.png"}).exit_code, 2);
}

TEST_F(Detect, ExplainsOnePictureAsPng) {
  const fs::path png = file("why.png");
  const Outcome outcome = detect({"--explain", png, "samples/camera.jpg"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  std::ifstream stream(png, std::ios::binary);
  std::string signature(8, '\0');
  stream.read(signature.data(), 8);
  EXPECT_EQ(signature, "\x89PNG\r\n\x1a\n");
  EXPECT_THAT(outcome.errors, HasSubstr(png.string() + ": shows"));
}

TEST_F(Detect, ExplainsOnlyOnePicture) {
  expect_refusal(detect({"--explain", file("why.png"), "samples"}), "--explain draws one picture");
}

TEST_F(Detect, GoesOnAfterAPictureItCannotRead) {
  write_file(file("broken.png"), {'n', 'o', 'n', 'e'});
  const Outcome outcome = detect({file("broken.png"), "samples/chelsea.png"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("samples/chelsea.png"));
  EXPECT_THAT(outcome.errors, HasSubstr("1 of 2 pictures could not be read"));
}

TEST_F(Detect, RefusesAMissingPicture) {
  expect_refusal(detect({file("absent.jpg")}), "absent.jpg");
}

TEST_F(Detect, RefusesAnEmptyFolder) {
  fs::create_directories(file("empty"));
  expect_refusal(detect({file("empty")}), "empty");
}

TEST_F(Detect, RefusesATruncatedJpeg) {
  Bytes jpeg = testing::colourful_jpeg(64, 64);
  jpeg.resize(jpeg.size() / 2);
  write_file(file("half.jpg"), jpeg);
  expect_unreadable(file("half.jpg"), "truncated");
}

TEST_F(Detect, RefusesAPngWithAFlippedBit) {
  Bytes png = testing::grey_png(64, 64);
  png[png.size() / 2] ^= 0x10;
  write_file(file("flipped.png"), png);
  expect_unreadable(file("flipped.png"), "flipped.png: ");
}

TEST_F(Detect, RefusesAForeignFile) {
  write_file(file("text.jpg"), Bytes(1000, 'x'));
  expect_unreadable(file("text.jpg"), "neither");
}

TEST_F(Detect, RefusesAPictureOfOnePixel) {
  write_file(file("pixel.png"), testing::grey_png(1, 1));
  expect_unreadable(file("pixel.png"), "1x1");
}

TEST_F(Detect, RefusesAPictureOf20000By20000Pixels) {
  write_file(file("huge.png"), testing::grey_png(20'000, 20'000));
  expect_unreadable(file("huge.png"), "20000x20000");
}

TEST_F(Detect, RefusesAMissingCheckpoint) {
  const Outcome outcome =
      testing::run_program({"detect", "--checkpoint", file("nowhere"), "samples/chelsea.png"});
  expect_refusal(outcome, "nowhere");
}

TEST_F(Detect, RefusesATruncatedCheckpoint) {
  const fs::path weights = fs::path(checkpoint()) / "weights.pt";
  fs::resize_file(weights, fs::file_size(weights) - 1000);
  expect_refusal(detect({"samples/chelsea.png"}), "weights.pt: ");
}

TEST_F(Detect, RefusesACheckpointWithAFlippedBit) {
  const fs::path weights = fs::path(checkpoint()) / "weights.pt";
  std::fstream stream(weights, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekp(2'000'000);
  stream.put('\x5a');
  stream.close();
  expect_refusal(detect({"samples/chelsea.png"}), "weights.pt: ");
}

TEST_F(Detect, RefusesAForeignCheckpoint) {
  write_file(fs::path(checkpoint()) / "weights.pt", Bytes(1000, 'x'));
  expect_refusal(detect({"samples/chelsea.png"}), "weights.pt: ");
  write_file(fs::path(checkpoint()) / "checkpoint.json", Bytes(1000, 'x'));
  expect_refusal(detect({"samples/chelsea.png"}), "checkpoint.json: ");
}

TEST_F(Detect, RefusesACheckpointThatDoesNotFitItsNetwork) {
  network::Checkpoint wrong = testing::made_up_checkpoint();
  wrong.tensors["bneck3.expand.conv.weight"] = {{72, 24, 3, 3}, std::vector<float>(72 * 24 * 9)};
  network::write_checkpoint(wrong, checkpoint());
  expect_refusal(detect({"samples/chelsea.png"}), "bneck3.expand.conv.weight");
}

}  // namespace
}  // namespace coco_mcu
