// Claim: the annotations of full COCO are read within 1 GB of memory and in tens of seconds.
// Writes a file of instances_train2014.json's size and counts, reads it, and prints both.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "bench/support/bench.h"
#include "bench/support/peak_memory.h"
#include "dataset/coco_annotations.h"

namespace coco_mcu {
namespace {

namespace fs = std::filesystem;

// COCO 2017's 118,287 training pictures and 860,001 objects are the largest file in use, 448 MB.
constexpr int kPictures = 118'287;
constexpr int kObjects = 860'001;
constexpr int kCategories = 80;
constexpr std::uintmax_t kFileBytes = 450'000'000;
constexpr std::uintmax_t kLimitBytes = 1'000'000'000;

// A file in the temporary folder, gone at the end.
class TemporaryFile {
 public:
  TemporaryFile()
      : path_(fs::temp_directory_path() /
              fmt::format("coco_mcu_annotations_{:08x}.json", std::random_device()())) {}
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void write_images(std::ostream& file) {
  fmt::print(file, R"({{"info":{{"year":2014}},"images":[)");
  for (int id = 1; id <= kPictures; ++id) {
    fmt::print(file,
               R"({}{{"license":5,"file_name":"COCO_train2014_{:012}.jpg","coco_url":)"
               R"("http://images.cocodataset.org/train2014/COCO_train2014_{:012}.jpg",)"
               R"("height":480,"width":640,"date_captured":"2013-11-14 16:28:13","id":{}}})",
               id == 1 ? "" : ",\n", id, id, id);
  }
  fmt::print(file, "],\n");
}

void write_categories(std::ostream& file) {
  fmt::print(file, R"("categories":[)");
  for (int id = 1; id <= kCategories; ++id) {
    fmt::print(file, R"({}{{"supercategory":"any","id":{},"name":"{}"}})", id == 1 ? "" : ",", id,
               id == 1 ? "person" : fmt::format("class {}", id));
  }
  fmt::print(file, "]}}\n");
}

// Every outline is as long as it takes for the file to become as large as the real one.
void write_annotations(std::ostream& file) {
  std::mt19937 random(1);
  fmt::print(file, R"("annotations":[)");
  for (int i = 0; i < kObjects; ++i) {
    const auto due = static_cast<std::streamoff>(kFileBytes / kObjects * i);
    const unsigned box = random() % 300;
    fmt::print(file, R"({}{{"segmentation":[[{}.25)", i == 0 ? "" : ",\n", box);
    for (std::streamoff at = file.tellp(); at < due; at += 14) {
      fmt::print(file, ",{}.{:02},{}.{:02}", 100 + random() % 500, random() % 100,
                 100 + random() % 300, random() % 100);
    }
    fmt::print(file,
               R"(]],"area":{}.5,"iscrowd":0,"image_id":{},"bbox":[{}.1,{}.2,{}.3,{}.4],)"
               R"("category_id":{},"id":{}}})",
               box * 40, 1 + i % kPictures, box, box, box / 2, box / 2, 1 + random() % kCategories,
               i);
  }
  fmt::print(file, "],\n");
}

void write_instances(const fs::path& path) {
  std::ofstream file(path, std::ios::binary);
  write_images(file);
  write_annotations(file);
  write_categories(file);
  if (!file.flush()) throw std::runtime_error(fmt::format("{}: cannot be written", path.string()));
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  const TemporaryFile file;
  write_instances(file.path());
  const std::uintmax_t before = peak_memory_bytes();
  const double megabytes = static_cast<double>(fs::file_size(file.path())) / 1e6;

  const auto start = std::chrono::steady_clock::now();
  const auto pictures = dataset::read_labels(file.path());
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  const std::uintmax_t peak = peak_memory_bytes();
  if (pictures.size() != kPictures) throw std::runtime_error("not every picture was read");

  fmt::print("file             {:8.1f} MB, {} pictures, {} objects\n", megabytes, kPictures,
             kObjects);
  fmt::print("time             {:8.1f} s\n", spent.count());
  fmt::print("memory before    {:8.1f} MB\n", static_cast<double>(before) / 1e6);
  fmt::print("peak memory      {:8.1f} MB (limit {:.0f} MB)\n", static_cast<double>(peak) / 1e6,
             static_cast<double>(kLimitBytes) / 1e6);
  fmt::print(R"({{"megabytes":{:.1f},"seconds":{:.2f},"peak_memory_bytes":{},"limit_bytes":{}}})"
             "\n",
             megabytes, spent.count(), peak, kLimitBytes);
  if (peak > kLimitBytes) throw std::runtime_error("the peak memory is above its limit");
}

}  // namespace coco_mcu
