#include "dataset/picture_source.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "dataset/annotated_examples.h"
#include "dataset/content_hash.h"
#include "dataset/picture_file.h"
#include "dataset/shard_folder.h"
#include "dataset/tf_example.h"
#include "dataset/tfrecord.h"

namespace coco_mcu::dataset {
namespace {

namespace fs = std::filesystem;

/// Finds in which of several parts, put one behind the other, a picture stands.
class Parts {
 public:
  void add(std::size_t size) { ends_.push_back(size_of_all() + size); }
  std::size_t size_of_all() const { return ends_.empty() ? 0 : ends_.back(); }

  struct Place {
    std::size_t part = 0;
    std::size_t index = 0;  // inside of it
  };
  /// Throws std::out_of_range behind the last picture.
  Place find(std::size_t index) const {
    if (index >= size_of_all()) {
      throw std::out_of_range(fmt::format("picture {} of {}", index, size_of_all()));
    }
    const auto part =
        static_cast<std::size_t>(std::ranges::upper_bound(ends_, index) - ends_.begin());
    return {part, part == 0 ? index : index - ends_[part - 1]};
  }

 private:
  std::vector<std::size_t> ends_;
};

class ShardSource : public PictureSource {
 public:
  explicit ShardSource(const fs::path& folder) {
    for (const fs::path& shard : list_shards(folder)) {
      files_.emplace_back(shard);
      parts_.add(files_.back().records().size());
    }
    if (parts_.size_of_all() == 0) {
      throw std::runtime_error(
          fmt::format("{}: its shards hold no pictures; build them again", folder.string()));
    }
  }

  std::size_t size() const override { return parts_.size_of_all(); }

  Example read(std::size_t index) const override {
    const Parts::Place place = parts_.find(index);
    const TfRecordFile& file = files_[place.part];
    return parse_example(file.read(place.index),
                         fmt::format("{}, record {}", file.path().string(), place.index));
  }

  // The checksums stand for the bytes, which hold everything.
  std::string hash() const override {
    ContentHash hash;
    for (const TfRecordFile& file : files_) {
      for (const RecordPlace& record : file.records()) {
        hash.add(record.length);
        hash.add(record.checksum);
      }
    }
    return hash.digits();
  }

 private:
  std::vector<TfRecordFile> files_;
  Parts parts_;
};

class AnnotatedSource : public PictureSource {
 public:
  AnnotatedSource(const fs::path& annotations, fs::path folder, const VisualWakeWords& rule)
      : folder_(std::move(folder)), examples_(read_annotated_examples(annotations, rule)) {
    std::error_code error;
    if (!fs::is_directory(folder_, error)) {
      throw std::runtime_error(
          fmt::format("{}: is no folder; give the one with the pictures that {} names",
                      folder_.string(), annotations.string()));
    }
    if (examples_.empty()) {
      throw std::runtime_error(
          fmt::format("{}: names no pictures; give annotations of some", annotations.string()));
    }
  }

  std::size_t size() const override { return examples_.size(); }

  Example read(std::size_t index) const override {
    Example example = examples_.at(index);
    example.encoded = read_picture_file(folder_ / example.file_name);
    return example;
  }

  std::string hash() const override {
    ContentHash hash;
    for (const Example& example : examples_) {
      hash.add(example.file_name);
      hash.add(example.label ? std::uint64_t{*example.label} : 2);
      hash.add(std::uint64_t{example.is_weakly_positive});
      for (const ExampleObject& object : example.objects) {
        for (const float value :
             {object.box.xmin, object.box.ymin, object.box.xmax, object.box.ymax, object.area}) {
          hash.add(std::uint64_t{std::bit_cast<std::uint32_t>(value)});
        }
        hash.add(std::uint64_t{object.is_class});
      }
      std::error_code missing;  // counts as no size; reading it will say so
      hash.add(std::uint64_t{fs::file_size(folder_ / example.file_name, missing)});
    }
    return hash.digits();
  }

 private:
  fs::path folder_;
  std::vector<Example> examples_;
};

class JoinedSource : public PictureSource {
 public:
  JoinedSource(const std::vector<NamedSource>& sources, const VisualWakeWords& rule) {
    if (sources.empty()) throw std::runtime_error("no pictures are given; name some");
    for (const NamedSource& source : sources) {
      sources_.push_back({open_pictures(source.where, rule), source.labelled});
      parts_.add(sources_.back().pictures->size());
    }
  }

  std::size_t size() const override { return parts_.size_of_all(); }

  Example read(std::size_t index) const override {
    const Parts::Place place = parts_.find(index);
    const Source& source = sources_[place.part];
    Example example = source.pictures->read(place.index);
    if (!source.labelled) {
      example.label.reset();
      example.objects.clear();
    }
    return example;
  }

  std::string hash() const override {
    ContentHash hash;
    for (const Source& source : sources_) {
      hash.add(source.pictures->hash());
      hash.add(std::uint64_t{source.labelled});
    }
    return hash.digits();
  }

 private:
  struct Source {
    std::unique_ptr<PictureSource> pictures;
    bool labelled = true;
  };
  std::vector<Source> sources_;
  Parts parts_;
};

}  // namespace

std::unique_ptr<PictureSource> open_pictures(const std::string& where,
                                             const VisualWakeWords& rule) {
  constexpr std::string_view kPair = ".json:";
  const std::size_t pair = where.find(kPair);
  if (pair == std::string::npos) return std::make_unique<ShardSource>(where);
  const std::size_t colon = pair + kPair.size() - 1;
  return std::make_unique<AnnotatedSource>(where.substr(0, colon), where.substr(colon + 1), rule);
}

std::unique_ptr<PictureSource> open_all_pictures(const std::vector<NamedSource>& sources,
                                                 const VisualWakeWords& rule) {
  return std::make_unique<JoinedSource>(sources, rule);
}

}  // namespace coco_mcu::dataset
