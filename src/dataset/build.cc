#include "dataset/build.h"

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "dataset/build_documents.h"
#include "dataset/build_journal.h"
#include "dataset/image.h"
#include "dataset/ordered_work.h"
#include "dataset/picture_file.h"
#include "dataset/sha256.h"
#include "dataset/shard_writer.h"
#include "dataset/tf_example.h"
#include "dataset/tfrecord.h"

namespace coco_mcu::dataset {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription = "dataset.json";
constexpr const char* kAnnotations = "annotations.json";

/// What a thread finds out about a picture: whatever does not depend on the others.
struct CheckedPicture {
  PictureOutcome outcome;
  std::vector<std::uint8_t> record;  // the serialized example, where it could be read
};

CheckedPicture check_picture(const PlannedPicture& picture) {
  CheckedPicture checked;
  PictureOutcome& outcome = checked.outcome;
  std::error_code error;
  if (!fs::exists(picture.file, error)) {
    outcome.fate = Fate::kMissing;
    return checked;
  }
  try {
    std::vector<std::uint8_t> bytes = read_picture_file(picture.file);
    const Image image = decode_image(bytes, picture.file.string());
    outcome.height = image.height;
    outcome.width = image.width;
    outcome.bytes = bytes.size();
    outcome.sha256 = sha256(bytes);
    Example example = kept_example(picture, outcome);
    example.encoded = std::move(bytes);
    checked.record = serialize_example(example);
  } catch (const std::runtime_error& failure) {
    outcome.fate = Fate::kUnreadable;
    outcome.reason = failure.what();
  }
  return checked;
}

void write_document(const fs::path& file, const std::function<void(std::ostream&)>& write) {
  errno = 0;
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  write(stream);
  stream.close();
  if (!stream) {
    throw std::runtime_error(
        fmt::format("{}: cannot be written ({}); make room and run the same "
                    "command again",
                    file.string(), std::generic_category().message(errno)));
  }
}

class Builder {
 public:
  Builder(const BuildOptions& options, const BuildPlan& plan, fs::path folder,
          const WorkProgress& progress)
      : options_(options),
        plan_(plan),
        folder_(std::move(folder)),
        progress_(progress),
        journal_(folder_.parent_path() / "journal", plan.digest) {}

  /// Returns what dataset.json holds.
  std::string build();

 private:
  std::size_t shards() const { return static_cast<std::size_t>(options_.shards); }
  fs::path shard(std::size_t index) const { return folder_ / shard_name(index, shards()); }
  std::vector<std::uint64_t> recorded_sizes() const;
  void resume();
  void take(std::size_t index, CheckedPicture checked);
  void check_records();
  void check_record(const TfRecordFile& file, std::size_t record, std::size_t picture) const;

  const BuildOptions& options_;
  const BuildPlan& plan_;
  fs::path folder_;
  const WorkProgress& progress_;
  BuildJournal journal_;
  std::vector<ShardWriter> writers_;
  std::vector<std::size_t> kept_;                          // the plan's numbers of kept pictures
  std::unordered_map<std::string, std::size_t> pictures_;  // SHA-256 -> the first one's number
};

/// How large each shard is by what the journal says.
std::vector<std::uint64_t> Builder::recorded_sizes() const {
  std::vector<std::uint64_t> sizes(shards(), 0);
  std::size_t kept = 0;
  for (const PictureOutcome& outcome : journal_.outcomes()) {
    if (outcome.fate == Fate::kKept) sizes[kept++ % shards()] += outcome.record;
  }
  return sizes;
}

/// A record is written before its line in the journal: shards hold what the journal says, and
/// perhaps one record more. Anything else is not this build's work, which then begins anew.
void Builder::resume() {
  std::vector<std::uint64_t> sizes = recorded_sizes();
  bool whole = journal_.outcomes().size() <= plan_.pictures.size();
  for (std::size_t i = 0; i < shards() && whole; ++i) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(shard(i), error);
    whole = sizes[i] == 0 || (!error && size >= sizes[i]);
  }
  if (!whole) {
    journal_.restart();
    sizes.assign(shards(), 0);
  }
  for (std::size_t i = 0; i < shards(); ++i) writers_.emplace_back(shard(i), sizes[i]);
  for (std::size_t i = 0; i < journal_.outcomes().size(); ++i) {
    if (journal_.outcomes()[i].fate != Fate::kKept) continue;
    kept_.push_back(i);
    pictures_.emplace(journal_.outcomes()[i].sha256, i);
  }
}

void Builder::take(std::size_t index, CheckedPicture checked) {
  PictureOutcome& outcome = checked.outcome;
  const std::string file = plan_.pictures[index].file.string();
  if (options_.strict && outcome.fate == Fate::kMissing) {
    throw std::runtime_error(file + ": is missing; fetch it or build without --strict");
  }
  if (options_.strict && outcome.fate == Fate::kUnreadable) {
    throw std::runtime_error(outcome.reason);
  }
  if (outcome.fate == Fate::kKept) {
    const auto [first, is_new] = pictures_.emplace(outcome.sha256, index);
    if (is_new) {
      outcome.record = writers_[kept_.size() % shards()].append(checked.record);
      kept_.push_back(index);
    } else {
      outcome.fate = Fate::kDuplicate;
      outcome.same_as = first->second;
    }
  }
  journal_.append(std::move(outcome));
  progress_("build", static_cast<std::int64_t>(index) + 1,
            static_cast<std::int64_t>(plan_.pictures.size()));
}

void Builder::check_record(const TfRecordFile& file, std::size_t record,
                           std::size_t picture) const {
  const std::string name = fmt::format("{}, record {}", file.path().string(), record);
  const Example example = parse_example(file.read(record), name);
  const PlannedPicture& planned = plan_.pictures[picture];
  if (sha256(example.encoded) != journal_.outcomes()[picture].sha256 ||
      example.label != planned.example.label || example.file_name != planned.example.file_name ||
      example.objects.size() != planned.example.objects.size()) {
    throw std::runtime_error(fmt::format("{}: is not the picture {}; remove {} and build again",
                                         name, planned.file.string(),
                                         folder_.parent_path().string()));
  }
}

/// Reads every record again: the disk gives back what it was given.
void Builder::check_records() {
  std::vector<TfRecordFile> files;
  files.reserve(shards());
  std::size_t records = 0;
  for (std::size_t i = 0; i < shards(); ++i) {
    records += files.emplace_back(shard(i)).records().size();
  }
  if (records != kept_.size()) {
    throw std::runtime_error(
        fmt::format("{}: the shards hold {} records instead of {}; remove it "
                    "and build again",
                    folder_.parent_path().string(), records, kept_.size()));
  }
  OrderedWork<bool> work(0, kept_.size(), [&](std::size_t index) {
    check_record(files[index % shards()], index / shards(), kept_[index]);
    return true;
  });
  work.run(options_.threads, [&](std::size_t index, bool) {
    progress_("check", static_cast<std::int64_t>(index) + 1,
              static_cast<std::int64_t>(kept_.size()));
  });
}

std::string Builder::build() {
  resume();
  OrderedWork<CheckedPicture> work(
      journal_.outcomes().size(), plan_.pictures.size(),
      [this](std::size_t index) { return check_picture(plan_.pictures[index]); });
  work.run(options_.threads,
           [this](std::size_t index, CheckedPicture checked) { take(index, std::move(checked)); });
  if (kept_.empty()) {
    const auto& first = journal_.outcomes().front();
    throw std::runtime_error(fmt::format(
        "{}: none of {} pictures can be used, the first is {}; check the folder of pictures",
        options_.out.string(), plan_.pictures.size(),
        first.fate == Fate::kMissing ? "missing: " + plan_.pictures.front().file.string()
                                     : "unreadable: " + first.reason));
  }
  writers_.clear();
  try {
    check_records();
  } catch (...) {
    journal_.restart();  // what the disk has damaged is written anew by the next call
    throw;
  }
  write_document(folder_ / kAnnotations, [this](std::ostream& file) {
    write_annotations(file, options_, plan_, journal_.outcomes());
  });
  std::string description = describe_build(options_, plan_, journal_.outcomes());
  write_document(folder_ / kDescription, [&](std::ostream& file) { file << description; });
  return description;
}

/// What dataset.json holds where `out` is the complete result of this plan; empty where there is
/// nothing yet.
std::string finished(const fs::path& out, const BuildPlan& plan) {
  std::error_code error;
  if (!fs::exists(out, error) || fs::is_empty(out, error)) return "";
  std::ifstream file(out / kDescription, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("plan") && json["plan"] == plan.digest) return text;
  throw std::runtime_error(
      fmt::format("{}: is there already and holds something else than this data set; remove it or "
                  "choose another folder",
                  out.string()));
}

}  // namespace

std::string build_data_set(const BuildOptions& options, const WorkProgress& progress) {
  fs::path out = options.out.lexically_normal();
  if (!out.has_filename()) out = out.parent_path();  // "data/" is "data"
  const fs::path part = out.string() + ".part";
  const fs::path folder = part / "data";
  std::error_code error;
  const BuildPlan plan = plan_build(options);
  if (std::string description = finished(out, plan); !description.empty()) {
    fs::remove_all(part, error);  // what a kill between the last two steps has left
    return description;
  }
  fs::create_directories(folder, error);
  if (error) {
    throw std::runtime_error(fmt::format("{}: cannot be made ({}); choose another folder",
                                         folder.string(), error.message()));
  }
  std::string description = Builder(options, plan, folder, progress).build();
  fs::rename(folder, out, error);
  if (error) {
    throw std::runtime_error(
        fmt::format("{}: cannot be put in its place ({}); choose another "
                    "folder",
                    out.string(), error.message()));
  }
  fs::remove_all(part, error);
  return description;
}

}  // namespace coco_mcu::dataset
