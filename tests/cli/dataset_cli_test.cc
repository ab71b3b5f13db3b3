// coco-mcu dataset build, stats and pack as users run them.
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <chrono>
#include <map>
#include <thread>

#include <signal.h>

#include "tests/cli/annotated_samples.h"
#include "tests/cli/picture_cli_test.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::expect_refusal;
using ::testing::HasSubstr;
using testing::Outcome;

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    files[entry.path().filename()] = content(entry.path());
  }
  return files;
}

class Dataset : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path() / name; }

  void write(const std::string& name, const testing::Bytes& bytes) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    testing::write_file(path(name), bytes);
  }
  void write(const std::string& name, const std::string& text) const {
    write(name, testing::Bytes(text.begin(), text.end()));
  }

  /// The sample pictures in FOLDER, two of four with people.
  void annotate(const std::string& folder) const {
    fs::create_directories(path(folder));
    for (const auto& sample : fs::directory_iterator("samples")) {
      if (!sample.is_regular_file()) continue;
      fs::copy_file(sample.path(), fs::path(path(folder)) / sample.path().filename());
    }
    write(folder + ".json", testing::annotations_of_samples().dump());
  }

  std::vector<std::string> build_words(const std::string& out,
                                       const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {
        "dataset",      "build", "--images", path("a"),  "--annotations",
        path("a.json"), "--out", path(out),  "--shards", "2"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Outcome build(const std::string& out, const std::vector<std::string>& more = {}) const {
    return testing::run_program(build_words(out, more));
  }
  nlohmann::json built(const std::string& out, std::vector<std::string> more = {}) const {
    more.emplace_back("--json");
    const Outcome outcome = build(out, more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return testing::json_lines(outcome.output).at(0);
  }
  nlohmann::json stats(const std::string& where) const {
    const Outcome outcome = testing::run_program({"dataset", "stats", where, "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return testing::json_lines(outcome.output).at(0);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Dataset, BuildsShardsAndCountsThem) {
  annotate("a");
  const Outcome outcome = build("out");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("4 pictures in 2 shards"), HasSubstr("50.0 %")));
  EXPECT_THAT(outcome.errors, HasSubstr("check  4"));
  const auto counted = stats(path("out"));
  EXPECT_EQ(counted["pictures"], 4);
  EXPECT_EQ(counted["with_class"], 2);
  EXPECT_EQ(counted["objects"], 3);
  EXPECT_EQ(stats(path("a.json") + ":" + path("a"))["bytes"], counted["bytes"]);
  EXPECT_EQ(stats(path("out/annotations.json") + ":" + path("a"))["with_class"], 2);
}

TEST_F(Dataset, MergesSourcesAndFolders) {
  annotate("a");
  write("b/b.png", testing::grey_png(20, 30));
  write("b.json", R"({"images":[{"id":9,"file_name":"b.png","height":20,"width":30}],
                      "annotations":[],"categories":[{"id":1,"name":"person"}]})");
  write("people/p.png", testing::grey_png(31, 31));
  write("streets/s.png", testing::grey_png(32, 31));
  const auto json = built("out", {"--images", path("b"), "--annotations", path("b.json"),
                                  "--positive", path("people"), "--negative", path("streets")});
  EXPECT_EQ(json["pictures"], 7);
  EXPECT_EQ(json["with_class"], 3);
  EXPECT_EQ(json["sources"].size(), 4U);
  EXPECT_EQ(stats(path("out"))["with_class"], 3);
}

TEST_F(Dataset, SplitsByIds) {
  annotate("a");
  write("ids.txt", std::string("2\n4\n"));
  EXPECT_EQ(built("kept", {"--ids", path("ids.txt")})["pictures"], 2);
  EXPECT_EQ(built("rest", {"--exclude-ids", path("ids.txt")})["pictures"], 2);
}

TEST_F(Dataset, ListsWhatItLeavesOut) {
  annotate("a");
  fs::remove(path("a/coffee.jpg"));
  write("a/camera.jpg", std::string("no picture"));
  fs::copy_file(path("a/astronaut.jpg"), path("a/chelsea.png"),
                fs::copy_options::overwrite_existing);
  const Outcome outcome = build("out");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("1 pictures in"), HasSubstr("1 missing"), HasSubstr("coffee.jpg"),
                    HasSubstr("1 unreadable"), HasSubstr("camera.jpg"), HasSubstr("1 there twice"),
                    HasSubstr("1 of these with another label")));
  EXPECT_EQ(nlohmann::json::parse(content(path("out/dataset.json")))["missing"].size(), 1U);
  const Outcome strict = build("strict", {"--strict"});
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_THAT(strict.errors, HasSubstr("camera.jpg"));
  EXPECT_FALSE(fs::exists(path("strict")));
}

TEST_F(Dataset, NothingToBuildItOfIsAnError) {
  annotate("a");
  fs::remove_all(path("a"));
  fs::create_directories(path("a"));
  const Outcome outcome = build("out");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("none of 4 pictures can be used"));
  fs::remove_all(path("a"));
  expect_refusal(build("out"), "is not a folder of pictures");
}

TEST_F(Dataset, WrongCommandLinesAreExplained) {
  annotate("a");
  EXPECT_EQ(testing::run_program({"dataset", "build", "--out", path("out")}).exit_code, 2);
  EXPECT_EQ(build("out", {"--images", path("b")}).exit_code, 2);
  EXPECT_EQ(build("out", {"--ids", "a", "--exclude-ids", "b"}).exit_code, 2);
  EXPECT_EQ(build("out", {"--shards", "0"}).exit_code, 2);
}

TEST_F(Dataset, StatsNameTheDamagedRecord) {
  annotate("a");
  ASSERT_EQ(build("out").exit_code, 0);
  const std::string shard = path("out/pictures-00001-of-00002.tfrecord");
  std::string bytes = content(shard);
  bytes[bytes.size() - 1000] ^= 1;
  write("out/pictures-00001-of-00002.tfrecord", bytes);
  const Outcome outcome = testing::run_program({"dataset", "stats", path("out")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors,
              AllOf(HasSubstr("1 of 4 pictures"), HasSubstr(shard + ", record 1: damaged"),
                    HasSubstr("build the file again")));
  fs::resize_file(shard, bytes.size() - 1);
  expect_refusal(testing::run_program({"dataset", "stats", path("out")}), "cut off");
}

TEST_F(Dataset, StatsNameMissingPictures) {
  annotate("a");
  fs::remove(path("a/coffee.jpg"));
  const Outcome outcome =
      testing::run_program({"dataset", "stats", path("a.json") + ":" + path("a")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("coffee.jpg"));
  EXPECT_THAT(outcome.output, HasSubstr("unreadable    1"));
}

TEST_F(Dataset, PacksPicturesSmall) {
  annotate("a");
  ASSERT_EQ(build("out").exit_code, 0);
  const Outcome outcome =
      testing::run_program({"dataset", "pack", path("out"), "--out", path("packed"), "--side", "64",
                            "--quality", "80", "--max-megabytes", "0.006", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto packed = testing::json_lines(outcome.output).at(0);
  EXPECT_EQ(packed["pictures"], 4);
  EXPECT_GE(packed["shards"], 2);
  for (const auto& file : fs::directory_iterator(path("packed"))) {
    EXPECT_LE(file.file_size(), 6000U);
  }
  const auto counted = stats(path("packed"));
  EXPECT_EQ(counted["short_side"]["max"], 64);
  EXPECT_EQ(counted["with_class"], 2);
  EXPECT_EQ(counted["objects"], 3);
}

TEST_F(Dataset, AKilledBuildGoesOnToTheSameBytes) {
  nlohmann::json coco = {{"images", nlohmann::json::array()},
                         {"annotations", nlohmann::json::array()},
                         {"categories", {{{"id", 1}, {"name", "person"}}}}};
  for (int i = 0; i < 60; ++i) {
    const std::string name = std::to_string(i) + ".jpg";
    write("a/" + name, testing::colourful_jpeg(200 + i, 300));
    coco["images"].push_back(
        {{"id", i + 1}, {"file_name", name}, {"height", 200 + i}, {"width", 300}});
  }
  write("a.json", coco.dump());
  ASSERT_EQ(build("whole").exit_code, 0);
  for (int kills = 0; kills < 6; ++kills) {
    testing::run_and_kill(build_words("broken"), std::chrono::milliseconds(15 + 25 * kills));
    if (fs::exists(path("broken"))) break;  // it was faster
  }
  ASSERT_EQ(build("broken").exit_code, 0);
  EXPECT_EQ(files_in(path("broken")), files_in(path("whole")));
  EXPECT_FALSE(fs::exists(path("broken.part")));
}

/// A file system of its own, of a few kilobytes.
class SmallDisk {
 public:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {
    fs::create_directories(folder_);
    mounted_ = mount("none", folder_.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount(folder_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  bool enlarge() const {
    return mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT, "size=16m") == 0;
  }

 private:
  std::string folder_;
  bool mounted_ = false;
};

TEST_F(Dataset, AFullDiskEndsClearlyAndTheBuildGoesOn) {
  const SmallDisk disk(path("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a file system";
  annotate("a");
  const Outcome full = build("disk/out");
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.errors, AllOf(HasSubstr("No space left on device"), HasSubstr("make room")));
  EXPECT_FALSE(fs::exists(path("disk/out")));
  ASSERT_TRUE(disk.enlarge());
  ASSERT_EQ(build("disk/out").exit_code, 0);
  ASSERT_EQ(build("whole").exit_code, 0);
  EXPECT_EQ(files_in(path("disk/out")), files_in(path("whole")));
}

}  // namespace
}  // namespace coco_mcu
