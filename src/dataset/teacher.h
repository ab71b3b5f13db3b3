// Stored opinions of a teacher network: how probably each picture shows the class.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace coco_mcu::dataset {

/// From JSON {"images": {"FILE": {"NAME": probability, ...}, ...}} or {"images": {"FILE": p}}.
class TeacherProbabilities {
 public:
  /// Adds a file's; `name` chooses among several teachers. What it says of pictures that are known
  /// already replaces that. Throws std::runtime_error naming the file, the key, the reason and the
  /// remedy; nothing is added then.
  void add(const std::filesystem::path& file, const std::string& name);
  /// The same from a file's text; `file` stands in the messages.
  void add_text(std::string_view text, std::string_view file, const std::string& name);

  std::optional<double> of(std::string_view file_name) const;
  std::size_t size() const { return probabilities_.size(); }

 private:
  std::map<std::string, double, std::less<>> probabilities_;
};

}  // namespace coco_mcu::dataset
