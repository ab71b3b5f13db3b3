#include "report/file.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace coco_mcu::report {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class WriteFile : public ::testing::Test {
 protected:
  static std::string content(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  testing::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(WriteFile, WritesAndReplaces) {
  const auto file = folder_ / "file.txt";
  write_file(file, "first, longer");
  write_file(file, std::string_view("second\0", 7));
  EXPECT_EQ(content(file), std::string("second\0", 7));
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".part"));
}

TEST_F(WriteFile, SaysWhyItCannot) {
  EXPECT_THAT([&] { write_file(folder_ / "nowhere" / "file.txt", "text"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("file.txt: cannot be written (No such")));
}

TEST_F(WriteFile, LeavesNothingWhereAFolderIsInTheWay) {
  std::filesystem::create_directories(folder_ / "taken" / "inside");
  EXPECT_THAT([&] { write_file(folder_ / "taken", "text"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("taken: cannot be put in its place")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "taken.part"));
}

}  // namespace
}  // namespace coco_mcu::report
