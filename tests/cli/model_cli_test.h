// What the tests of commands around integer models share: model files, good and broken.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "model/serialize.h"
#include "tests/cli/picture_cli_test.h"
#include "tests/support/random_model.h"

namespace coco_mcu::testing {

class WithModel : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kSeed = 3;

  /// The model in the file model(). It says "person" of some of the sample pictures.
  static model::IntegerModel made_up_model() { return finished_random_model(kSeed); }

  void SetUp() override { write_model("model.cmcu", made_up_model()); }

  std::string write_model(const std::string& name, const model::IntegerModel& model) const {
    write_file(file(name), model::serialize(model));
    return file(name);
  }

  void write_text(const std::string& name, const std::string& text) const {
    write_file(file(name), {text.begin(), text.end()});
  }

  /// What a file holds.
  std::string text_of(const std::string& name) const {
    std::ifstream stream(file(name));
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::string model() const { return file("model.cmcu"); }
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
};

}  // namespace coco_mcu::testing
