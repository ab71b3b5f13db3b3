// Keeps the house as docs/architecture.md draws it: no room imports one it may not.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Rooms = std::set<std::string>;

/// What each room may include beside itself.
const std::map<std::string, Rooms>& allowed() {
  static const std::map<std::string, Rooms> kAllowed = {
      {"core", {}},
      {"network", {"core"}},
      {"dataset", {"core"}},
      {"exchange", {"core", "model", "network"}},
      {"evaluation", {"core", "dataset"}},
      {"training", {"core", "network", "dataset"}},
      {"report", {"planning"}},
      {"model", {"core"}},
      {"kernels", {"core"}},
      {"planning", {"core", "model"}},
      {"engine", {"core", "model", "kernels"}},
      {"api", {"core", "model", "kernels", "engine"}},
      {"browser", {"core", "model", "kernels", "engine", "planning", "report"}},
      {"lowering", {"core", "network", "model"}},
      {"firmware", {"core", "model", "kernels", "engine"}},
      {"cli",
       {"core", "network", "dataset", "exchange", "evaluation", "training", "report", "model",
        "kernels", "planning", "engine", "lowering", "firmware", "browser"}},
  };
  return kAllowed;
}

/// What its tests may include beside that: whether a plan is right shows when it runs, what
/// evidence is worth on photographs.
bool tests_may_include(const std::string& room, const std::string& other) {
  return (room == "planning" && (other == "engine" || other == "kernels")) ||
         (room == "browser" && other == "dataset");
}

/// Headers that only these rooms may include.
const std::map<std::string, Rooms>& restricted_headers() {
  static const std::map<std::string, Rooms> kRestricted = {
      {"torch/", {"training"}}, {"ATen/", {"training"}}, {"c10/", {"training"}}};
  return kRestricted;
}

/// Headers that freestanding rooms may not include: they need a heap, exceptions or streams.
const std::set<std::string>& hosted_headers() {
  static const std::set<std::string> kHosted = {
      "fstream", "functional", "iostream",      "istream",    "map",           "memory", "ostream",
      "set",     "sstream",    "stdexcept",     "string",     "unordered_map", "vector", "thread",
      "mutex",   "exception",  "unordered_set", "filesystem", "fmt/format.h"};
  return kHosted;
}

/// Files of freestanding rooms that only hosts have: building models, memory from the heap.
bool is_hosted(const std::string& path) {
  static const std::regex kHosted(
      R"(model/(integer_model|model_file|serialize)\.(h|cc)|engine/(arena|seal|tensor_observer)\.(h|cc)|api/coco_mcu\.hpp)");
  return std::regex_match(path, kHosted);
}

/// Whether a file runs on the microcontroller too.
bool is_freestanding(const std::string& path) {
  static const Rooms kFreestanding = {"core", "kernels", "model", "engine", "api"};
  return kFreestanding.contains(path.substr(0, path.find('/'))) && !is_hosted(path);
}

/// "room/rest" of an include line; empty for anything else.
struct Include {
  std::string path;
  bool quoted = false;
};

std::vector<Include> includes_of(std::istream& source) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
  std::vector<Include> found;
  std::smatch match;
  for (std::string line; std::getline(source, line);) {
    if (std::regex_search(line, match, kInclude)) found.push_back({match[2], match[1] == "\""});
  }
  return found;
}

std::string first_folder(const std::string& path) {
  return path.substr(0, path.find('/'));
}

/// Sources of an emitted library find its two headers beside them.
bool is_emitted_beside(const std::string& file, const Include& include) {
  return file.starts_with("firmware/library/") &&
         (include.path == "coco_mcu_detector.h" || include.path == "coco_mcu_model.h");
}

/// What is wrong with one include of `file`, given as "room/name"; empty where nothing is.
std::string complaint(const std::string& file, bool is_test, const Include& include) {
  const std::string room = first_folder(file);
  const bool must_be_freestanding = !is_test && is_freestanding(file);
  if (include.quoted) {
    const std::string other = first_folder(include.path);
    const bool is_room = allowed().contains(other);
    const bool known =
        is_room ? other == room || allowed().at(room).contains(other) ||
                      (is_test && tests_may_include(room, other))
                : is_test || include.path.ends_with(".pb.h") || is_emitted_beside(file, include);
    if (!known) return room + " may not include " + include.path;
    if (must_be_freestanding && is_hosted(include.path)) {
      return file + " is freestanding and may not include " + include.path;
    }
    return "";
  }
  for (const auto& [prefix, rooms] : restricted_headers()) {
    if (include.path.starts_with(prefix) && !rooms.contains(room)) {
      return room + " may not know the training library: " + include.path;
    }
  }
  if (must_be_freestanding && hosted_headers().contains(include.path)) {
    return file + " is freestanding and may not include <" + include.path + ">";
  }
  return "";
}

bool is_test_file(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with("_test.cc") || name.ends_with("_under_test.h") ||
         name.ends_with("_fuzz.cc");
}

TEST(Architecture, NoRoomIncludesWhatItMayNot) {
  std::vector<std::string> complaints;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("src")) {
    const std::filesystem::path& file = entry.path();
    if (file.extension() != ".h" && file.extension() != ".cc") continue;
    ++files;
    const std::string path = file.lexically_relative("src").string();
    ASSERT_TRUE(allowed().contains(first_folder(path)))
        << path << " is in no room of docs/architecture.md";
    std::ifstream source(file);
    for (const Include& include : includes_of(source)) {
      const std::string text = complaint(path, is_test_file(file), include);
      if (!text.empty()) complaints.push_back(file.string() + ": " + text);
    }
  }
  EXPECT_GT(files, 30);
  EXPECT_THAT(complaints, IsEmpty());
}

TEST(Architecture, TheCheckFindsWhatIsForbidden) {
  EXPECT_NE(complaint("network/a.cc", false, {"training/plugin.h", true}), "");
  EXPECT_NE(complaint("report/a.cc", false, {"network/network.h", true}), "");
  EXPECT_NE(complaint("network/a.cc", false, {"torch/torch.h", false}), "");
  EXPECT_NE(complaint("core/a.cc", false, {"vector", false}), "");
  EXPECT_NE(complaint("core/a.cc", false, {"network.h", true}), "");
  EXPECT_NE(complaint("kernels/x86/a.cc", false, {"engine/engine.h", true}), "");
  EXPECT_NE(complaint("engine/engine.cc", false, {"model/serialize.h", true}), "");
  EXPECT_NE(complaint("model/verify.cc", false, {"string", false}), "");
  EXPECT_EQ(complaint("model/serialize.cc", false, {"string", false}), "");
  EXPECT_EQ(complaint("training/a.cc", false, {"network/network.h", true}), "");
  EXPECT_EQ(complaint("training/a.cc", false, {"torch/torch.h", false}), "");
  EXPECT_EQ(complaint("core/a_test.cc", true, {"vector", false}), "");
}

TEST(Architecture, IncludeLinesAreReadAsACompilerReadsThem) {
  std::istringstream source("#include <a/b.h>\n  #  include \"c/d.h\"\n// #include x\nint i;\n");
  std::vector<std::string> paths;
  for (const Include& include : includes_of(source)) paths.push_back(include.path);
  EXPECT_THAT(paths, ElementsAre("a/b.h", "c/d.h"));
}

TEST(Architecture, NoRoomsImportEachOther) {
  for (const auto& [room, others] : allowed()) {
    for (const std::string& other : others) {
      EXPECT_FALSE(allowed().at(other).contains(room)) << room << " and " << other;
    }
  }
}

}  // namespace
}  // namespace coco_mcu
