// Where the pictures of a training or an evaluation come from, by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "dataset/coco_annotations.h"
#include "dataset/example.h"

namespace coco_mcu::dataset {

/// All calls are safe from several threads at a time.
class PictureSource {
 public:
  PictureSource() = default;
  PictureSource(const PictureSource&) = delete;
  PictureSource& operator=(const PictureSource&) = delete;
  virtual ~PictureSource() = default;

  virtual std::size_t size() const = 0;
  /// The picture with its encoded bytes. Throws std::runtime_error naming the file (and record),
  /// the reason and the remedy where it is missing or damaged.
  virtual Example read(std::size_t index) const = 0;
  /// Changes when any picture, label or box does: 16 hexadecimal digits. Of a folder it covers the
  /// annotations and the sizes of the files.
  virtual std::string hash() const = 0;
};

/// `where` is a folder with TFRecord shards (FILE.tfrecord, FILE.record or FILE-00000-of-00010, in
/// order of their names), or "instances.json:FOLDER", annotations and the folder of their pictures,
/// labelled by `rule`. Throws std::runtime_error where there is nothing to read.
std::unique_ptr<PictureSource> open_pictures(const std::string& where,
                                             const VisualWakeWords& rule = {});

/// Several sources as one. Where `labelled` is false, labels and boxes of that source are not used.
struct NamedSource {
  std::string where;
  bool labelled = true;
};
std::unique_ptr<PictureSource> open_all_pictures(const std::vector<NamedSource>& sources,
                                                 const VisualWakeWords& rule = {});

}  // namespace coco_mcu::dataset
