#include "dataset/build.h"

#include <algorithm>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "dataset/annotated_examples.h"
#include "dataset/sha256.h"
#include "dataset/shard_writer.h"
#include "dataset/tf_example.h"
#include "dataset/tfrecord.h"
#include "tests/support/complaint.h"
#include "tests/support/encoded_pictures.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::dataset {
namespace {

namespace fs = std::filesystem;
using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A picture of its own for each shade.
std::string picture(int shade) {
  testing::PngRecipe recipe;
  recipe.height = 10;
  recipe.width = 20;
  recipe.rows = testing::one_colour(10, 20, {static_cast<std::uint8_t>(shade), 0, 0});
  const Bytes png = testing::encode_png(recipe);
  return {png.begin(), png.end()};
}

class Build : public ::testing::Test {
 protected:
  fs::path path(const std::string& name) const { return folder_.path() / name; }

  /// Pictures a0.png, a1.png, ... of ids 100, 101, ... in FOLDER; every third shows a person, the
  /// others a dog.
  BuildSource annotated(const std::string& folder, int first, int count) const {
    nlohmann::json coco = {
        {"images", nlohmann::json::array()},
        {"annotations", nlohmann::json::array()},
        {"categories", {{{"id", 1}, {"name", "person"}}, {{"id", 18}, {"name", "dog"}}}}};
    for (int i = first; i < first + count; ++i) {
      const std::string name = "a" + std::to_string(i) + ".png";
      write(path(folder) / name, picture(i));
      coco["images"].push_back(
          {{"id", 100 + i}, {"file_name", name}, {"height", 10}, {"width", 20}});
      coco["annotations"].push_back({{"image_id", 100 + i},
                                     {"category_id", i % 3 == 0 ? 1 : 18},
                                     {"bbox", {5, 5, 10, 4}},
                                     {"area", 30}});
    }
    write(path(folder + ".json"), coco.dump());
    return {path(folder), path(folder + ".json")};
  }

  BuildOptions options(std::vector<BuildSource> sources, const std::string& out = "out") const {
    BuildOptions options;
    options.sources = std::move(sources);
    options.out = path(out);
    options.shards = 3;
    options.threads = 2;
    return options;
  }

  nlohmann::json build(const BuildOptions& options) const {
    return nlohmann::json::parse(build_data_set(options, [](auto, auto, auto) {}));
  }

  std::string complaint(const BuildOptions& options) const {
    return testing::complaint([&] { build(options); });
  }

  std::vector<Example> shard(int index, const std::string& out = "out") const {
    const TfRecordFile file(path(out) / shard_name(static_cast<std::size_t>(index), 3));
    std::vector<Example> examples;
    for (std::size_t i = 0; i < file.records().size(); ++i) {
      examples.push_back(parse_example(file.read(i), "test"));
    }
    return examples;
  }

  testing::TemporaryFolder folder_;
};

std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    files[entry.path().filename()] = content(entry.path());
  }
  return files;
}

TEST_F(Build, PictureIGoesToShardIModuloN) {
  const auto built = build(options({annotated("a", 0, 8)}));
  EXPECT_EQ(built["pictures"], 8);
  EXPECT_EQ(built["with_class"], 3);
  const std::vector<Example> second = shard(1);
  ASSERT_THAT(second, SizeIs(3));
  EXPECT_EQ(second[0].file_name, "a1.png");
  EXPECT_EQ(second[2].file_name, "a7.png");
  EXPECT_EQ(shard(0)[1].file_name, "a3.png");
  EXPECT_EQ(shard(0)[1].id, 103);
  EXPECT_EQ(shard(0)[1].label, std::optional(true));
  EXPECT_EQ(second[0].label, std::optional(false));
  const std::string bytes = picture(7);
  EXPECT_EQ(second[2].encoded, std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  EXPECT_EQ(second[0].objects.at(0).box, (Box{0.25F, 0.5F, 0.75F, 0.9F}));
  EXPECT_FALSE(fs::exists(path("out.part")));
}

TEST_F(Build, TheAnnotationsGiveTheSameLabelsAgain) {
  BuildOptions all = options({annotated("a", 0, 8)});
  fs::create_directories(path("people"));
  write(path("people/p.png"), picture(100));
  all.sources.push_back({path("people"), {}, true});
  build(all);
  const auto examples = read_annotated_examples(path("out/annotations.json"), {});
  ASSERT_THAT(examples, SizeIs(9));
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(examples[i].label, i % 3 == 0) << i;
  EXPECT_EQ(examples[8].label, std::optional(true));
  EXPECT_EQ(examples[8].objects.at(0).box, (Box{0.0F, 0.0F, 1.0F, 1.0F}));
  const auto json = nlohmann::json::parse(content(path("out/annotations.json")));
  EXPECT_EQ(json["images"][3]["label"], 1);
  EXPECT_EQ(json["annotations"][1]["category_id"], 0);
  EXPECT_EQ(json["categories"][1]["name"], "person");
}

TEST_F(Build, SourcesAreMergedAndIdsStayApart) {
  fs::create_directories(path("people"));
  write(path("people/p.png"), picture(100));
  write(path("streets/s.png"), picture(101));
  BuildOptions all = options({annotated("a", 0, 2), annotated("b", 10, 1)});
  // The same ids as in a.json, other pictures.
  const BuildSource again = annotated("c", 20, 2);
  auto coco = nlohmann::json::parse(content(again.annotations));
  for (int i = 0; i < 2; ++i) {
    coco["images"][i]["id"] = 100 + i;
    coco["annotations"][i]["image_id"] = 100 + i;
  }
  write(again.annotations, coco.dump());
  all.sources.push_back(again);
  all.sources.push_back({path("people"), {}, true});
  all.sources.push_back({path("streets"), {}, false});
  const auto built = build(all);
  EXPECT_EQ(built["pictures"], 7);
  EXPECT_EQ(built["sources"][2]["kept"], 2);
  EXPECT_EQ(built["sources"][3]["label"], 1);
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 3; ++i) {
    for (const Example& example : shard(i)) ids.push_back(example.id);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_THAT(ids, ElementsAre(100, 101, 110, 111, 112, 113, 114));
  const std::vector<Example> last = shard(0);
  EXPECT_EQ(last.back().file_name, "s.png");
  EXPECT_EQ(last.back().label, std::optional(false));
  EXPECT_EQ(last.back().height, 10);
  EXPECT_EQ(last.back().width, 20);
}

TEST_F(Build, IdsSplitTheAnnotatedPictures) {
  write(path("ids.txt"), "101\r\n104\n\n999\n");
  BuildOptions kept = options({annotated("a", 0, 6)}, "kept");
  kept.ids = path("ids.txt");
  EXPECT_EQ(build(kept)["pictures"], 2);
  EXPECT_EQ(build(kept)["ids_not_found"], 1);
  BuildOptions rest = options({annotated("a", 0, 6)}, "rest");
  rest.exclude_ids = path("ids.txt");
  EXPECT_EQ(build(rest)["pictures"], 4);
  EXPECT_EQ(shard(0, "rest")[0].file_name, "a0.png");
  EXPECT_EQ(shard(1, "kept")[0].file_name, "a4.png");
}

TEST_F(Build, AFileOfIdsHoldsIds) {
  write(path("ids.txt"), "101\nabc\n");
  BuildOptions wrong = options({annotated("a", 0, 6)});
  wrong.ids = path("ids.txt");
  EXPECT_THAT(complaint(wrong), HasSubstr("ids.txt, line 2: is not the id"));
  wrong.ids = path("absent.txt");
  EXPECT_THAT(complaint(wrong), HasSubstr("absent.txt: cannot be read"));
  write(path("ids.txt"), "7\n");
  wrong.ids = path("ids.txt");
  EXPECT_THAT(complaint(wrong), HasSubstr("no picture is left"));
}

TEST_F(Build, MissingAndUnreadablePicturesAreListedAndLeftOut) {
  const BuildSource source = annotated("a", 0, 5);
  fs::remove(path("a/a1.png"));
  write(path("a/a2.png"), "no picture");
  BuildOptions some = options({source});
  const auto built = build(some);
  EXPECT_EQ(built["pictures"], 3);
  EXPECT_THAT(built["missing"], ElementsAre(path("a/a1.png").string()));
  ASSERT_THAT(built["unreadable"], SizeIs(1));
  EXPECT_THAT(built["unreadable"][0]["reason"].get<std::string>(), HasSubstr("neither a JPEG"));
  EXPECT_EQ(shard(1)[0].file_name, "a3.png");

  some.out = path("strict");
  some.strict = true;
  EXPECT_THAT(complaint(some), HasSubstr("a1.png: is missing"));
}

TEST_F(Build, NothingReadableIsAnError) {
  const BuildSource source = annotated("a", 0, 2);
  fs::remove(path("a/a0.png"));
  fs::remove(path("a/a1.png"));
  EXPECT_THAT(complaint(options({source})), HasSubstr("none of 2 pictures can be used"));
  EXPECT_FALSE(fs::exists(path("out")));
}

TEST_F(Build, DuplicatesAreListedAndContradictionsNamed) {
  const BuildSource source = annotated("a", 0, 5);
  write(path("a/a4.png"), picture(1));  // both show a dog
  write(path("a/a3.png"), picture(2));  // a person, it says, of what was a dog
  const auto built = build(options({source}));
  EXPECT_EQ(built["pictures"], 3);
  ASSERT_THAT(built["duplicates"], SizeIs(2));
  EXPECT_EQ(built["duplicates"][1]["same_as"], path("a/a1.png").string());
  ASSERT_THAT(built["contradictions"], SizeIs(1));
  EXPECT_EQ(built["contradictions"][0]["file"], path("a/a3.png").string());
  EXPECT_EQ(built["contradictions"][0]["label"], 1);
  EXPECT_EQ(built["contradictions"][0]["label_there"], 0);
}

TEST_F(Build, OtherSizesThanAnnotatedAreListed) {
  const BuildSource source = annotated("a", 0, 2);
  auto coco = nlohmann::json::parse(content(source.annotations));
  coco["images"][1]["height"] = 480;
  write(source.annotations, coco.dump());
  const auto built = build(options({source}));
  EXPECT_EQ(built["pictures"], 2);
  ASSERT_THAT(built["size_differs"], SizeIs(1));
  EXPECT_EQ(built["size_differs"][0]["file"], path("a/a1.png").string());
}

TEST_F(Build, ACompleteFolderStaysAndAnotherIsRefused) {
  const BuildOptions first = options({annotated("a", 0, 5)});
  build(first);
  const auto files = files_in(path("out"));
  EXPECT_EQ(build(first)["pictures"], 5);
  EXPECT_EQ(files_in(path("out")), files);
  BuildOptions other = first;
  other.shards = 2;
  EXPECT_THAT(complaint(other), HasSubstr("out: is there already"));
}

/// Stops the build of ten pictures after some of them; then tampers with what is there.
class Interrupted : public Build {
 protected:
  void SetUp() override {
    whole_ = options({annotated("a", 0, 10)}, "whole");
    build(whole_);
    broken_ = whole_;
    broken_.out = path("broken");
  }

  void interrupt_after(std::int64_t pictures) const {
    struct Stop {};
    EXPECT_THROW(build_data_set(broken_,
                                [&](const char*, std::int64_t done, std::int64_t) {
                                  if (done == pictures) throw Stop();
                                }),
                 Stop);
    EXPECT_FALSE(fs::exists(path("broken")));
  }

  void expect_the_same() const {
    build(broken_);
    EXPECT_EQ(files_in(path("broken")), files_in(path("whole")));
    EXPECT_FALSE(fs::exists(path("broken.part")));
  }

  fs::path part(const std::string& name) const { return path("broken.part") / name; }

  BuildOptions whole_;
  BuildOptions broken_;
};

TEST_F(Interrupted, GoesOnAtEveryPicture) {
  for (std::int64_t pictures = 1; pictures <= 10; ++pictures) {
    interrupt_after(pictures);
    expect_the_same();
    fs::remove_all(path("broken"));
  }
}

TEST_F(Interrupted, DoesNotDoItsWorkTwice) {
  interrupt_after(7);
  std::int64_t first = 0;
  build_data_set(broken_, [&](const char* activity, std::int64_t done, std::int64_t) {
    if (std::string(activity) == "build" && first == 0) first = done;
  });
  EXPECT_EQ(first, 8);
}

TEST_F(Interrupted, ALineOrARecordMayBeCutAnywhere) {
  interrupt_after(5);
  const std::string journal = content(part("journal"));
  fs::copy(path("broken.part"), path("kept"), fs::copy_options::recursive);
  for (std::size_t size = 0; size <= journal.size(); size += 7) {
    fs::remove_all(path("broken"));
    fs::remove_all(path("broken.part"));
    fs::copy(path("kept"), path("broken.part"), fs::copy_options::recursive);
    fs::resize_file(part("journal"), size);
    expect_the_same();
  }
}

TEST_F(Interrupted, BeginsAnewWhereAShardIsTooShort) {
  interrupt_after(9);
  fs::resize_file(part("data") / shard_name(1, 3), 5);
  expect_the_same();
}

TEST_F(Interrupted, BeginsAnewForOtherOptions) {
  interrupt_after(9);
  broken_.shards = 2;
  whole_.shards = 2;
  fs::remove_all(path("whole"));
  build(whole_);
  expect_the_same();
}

TEST_F(Interrupted, ADamagedRecordIsFoundInTheEndAndWrittenAnew) {
  interrupt_after(10);
  const fs::path shard = part("data") / shard_name(2, 3);
  std::string bytes = content(shard);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write(shard, bytes);
  EXPECT_THAT(complaint(broken_), HasSubstr("pictures-00002-of-00003.tfrecord, record"));
  EXPECT_FALSE(fs::exists(path("broken")));
  expect_the_same();
}

}  // namespace
}  // namespace coco_mcu::dataset
