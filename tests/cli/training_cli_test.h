// What tests of coco-mcu train share: made-up pictures, a recipe that takes a second.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "network/checkpoint.h"
#include "tests/support/encoded_pictures.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu::testing {

/// Two stages of the tiny network, with everything that has a state: averages, dropout, learned
/// steps and ranges, oscillations.
inline std::string quick_recipe(double learning_rate = 1e-3) {
  return R"(name = "quick"
network = "tiny"
batch_size = 8
checkpoint_minutes = 0.0005
dropout = 0.2
[augmentation]
crop_scale = 1.1
horizontal_flip = true
brightness = 0.1
[optimizer]
learning_rate = )" +
         std::to_string(learning_rate) + R"(
[batch_norm]
momentum = 0.9
reestimate_batches = 2
[[stages]]
name = "float"
epochs = 2
averaging = 0.9
quantization = {scheme = "none"}
[[stages]]
name = "two-bit"
epochs = 1.5
quantization = {scheme = "learned", weights = "w2", calibration_batches = 2, delay = 2, freeze_oscillation = 0.02, freeze_from = 0.5}
)";
}

class WithTrainingData : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_.path() / "pictures");
    write("recipe.toml", quick_recipe());
    annotate(32);
  }

  /// Pictures of noise; every second one is bright and shows a person.
  void annotate(int count) {
    nlohmann::json coco = {{"images", nlohmann::json::array()},
                           {"annotations", nlohmann::json::array()},
                           {"categories", {{{"id", 1}, {"name", "person"}}}}};
    std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same pictures in every run
    for (int id = 0; id < count; ++id) {
      const bool person = id % 2 == 0;
      Bytes rows;
      for (int i = 0; i < 72 * 64 * 3; ++i) {
        rows.push_back(static_cast<std::uint8_t>(random() % 128 + (person ? 96 : 0)));
      }
      const std::string name = "picture" + std::to_string(id) + ".png";
      const Bytes png = encode_png({.height = 72, .width = 64, .rows = rows});
      write("pictures/" + name, {png.begin(), png.end()});
      coco["images"].push_back({{"id", id}, {"file_name", name}, {"height", 72}, {"width", 64}});
      if (!person) continue;
      coco["annotations"].push_back({{"id", id},
                                     {"image_id", id},
                                     {"category_id", 1},
                                     {"bbox", {4, 4, 56, 60}},
                                     {"area", 3000},
                                     {"iscrowd", 0}});
    }
    write("instances.json", coco.dump());
  }

  std::string file(const std::string& name) const { return folder_.path() / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
  }
  std::string data() const { return file("instances.json") + ":" + file("pictures"); }

  std::vector<std::string> train_arguments(const std::string& run,
                                           const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"train",   "--recipe",  file("recipe.toml"),
                                          "--data",  data(),      "--out",
                                          file(run), "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Outcome train(const std::string& run, const std::vector<std::string>& more = {}) const {
    return run_program(train_arguments(run, more));
  }

  std::string content(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  /// metrics.jsonl without what depends on the clock.
  std::vector<nlohmann::json> metrics(const std::string& run) const {
    std::vector<nlohmann::json> lines = json_lines(content(run + "/metrics.jsonl"));
    for (nlohmann::json& line : lines) {
      line.erase("images_per_second");
      line.erase("waited_share");
    }
    return lines;
  }

  TemporaryFolder folder_;
};

}  // namespace coco_mcu::testing
