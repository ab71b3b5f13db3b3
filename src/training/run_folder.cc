#include "training/run_folder.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "network/torch_archive.h"

namespace coco_mcu::training {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kDescriptionFile = "run.json";
constexpr const char* kRecipeFile = "recipe.toml";
constexpr const char* kMetricsFile = "metrics.jsonl";
constexpr const char* kEventFile = "events/events.out.tfevents.1.coco-mcu";
constexpr const char* kStates = "states";
constexpr const char* kStateFile = "state.bin";
constexpr const char* kFilesFile = "files.json";
constexpr std::size_t kLengthBytes = 8;  // a state's bytes: length of the JSON, JSON, tensors

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::vector<std::uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string description_text(const RunDescription& description) {
  const Json json = {{"recipe_hash", description.recipe_hash},
                     {"data_hash", description.data_hash},
                     {"validation_hash", description.validation_hash},
                     {"seed", description.seed},
                     {"network", description.network},
                     {"initial_checkpoint", description.initial_checkpoint},
                     {"device", description.device},
                     {"threads", description.threads},
                     {"processes", description.processes},
                     {"libraries", description.libraries}};
  return json.dump(2) + "\n";
}

/// Reads a JSON file that the run has written itself.
Json read_json(const fs::path& path) {
  const std::vector<std::uint8_t> bytes = network::read_file(path);
  try {
    return Json::parse(bytes);
  } catch (const Json::exception& error) {
    throw std::runtime_error(
        fmt::format("{}: is damaged ({}); start a new run", path.string(), error.what()));
  }
}

void compare(const fs::path& path, const RunDescription& now, std::vector<std::string>& warnings) {
  const Json before = read_json(path / kDescriptionFile);
  const Json present = Json::parse(description_text(now));
  const std::set<std::string> must_agree = {"recipe_hash", "data_hash", "validation_hash", "seed",
                                            "network"};
  for (const auto& [key, value] : present.items()) {
    const Json& old = before.contains(key) ? before[key] : Json();
    if (old == value) continue;
    const std::string difference =
        fmt::format("{}: {} was {} and is {}", path.string(), key, old.dump(), value.dump());
    if (must_agree.contains(key)) {
      throw std::runtime_error(difference +
                               "; resume with the same recipe and data, or start "
                               "another run");
    }
    warnings.push_back(difference + ": the result may differ in its last bits");
  }
}

bool is_state_name(const std::string& name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char letter) { return letter >= '0' && letter <= '9'; });
}

}  // namespace

std::vector<std::uint8_t> RunState::bytes() const {
  Json json = {{"step", progress.step},
               {"stage", progress.stage},
               {"stage_step", progress.stage_step},
               {"epoch_losses", progress.epoch_losses},
               {"best_loss", progress.best_loss}};
  if (progress.best_right) json["best_right"] = *progress.best_right;
  const std::string text = json.dump();
  const std::vector<std::uint8_t> archive = network::write_torch_archive(tensors);
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(text.size() >> (8 * i)));
  }
  bytes.insert(bytes.end(), text.begin(), text.end());
  bytes.insert(bytes.end(), archive.begin(), archive.end());
  return bytes;
}

RunState RunState::parse(const std::vector<std::uint8_t>& bytes, std::string_view file) {
  try {
    if (bytes.size() < kLengthBytes) throw std::runtime_error("too short");
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i) length |= std::uint64_t{bytes[i]} << (8 * i);
    if (length > bytes.size() - kLengthBytes) throw std::runtime_error("too short");
    const std::span<const std::uint8_t> rest = std::span(bytes).subspan(kLengthBytes);
    const Json json = Json::parse(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length));
    RunState state;
    state.progress = {.step = json.at("step"),
                      .stage = json.at("stage"),
                      .stage_step = json.at("stage_step"),
                      .epoch_losses = json.at("epoch_losses"),
                      .best_right = std::nullopt,
                      .best_loss = json.at("best_loss")};
    if (json.contains("best_right")) state.progress.best_right = json["best_right"];
    state.tensors = network::read_torch_archive(rest.subspan(length), file);
    return state;
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format(
        "{}: is damaged ({}); start a new run, perhaps with --init RUN/last", file, error.what()));
  }
}

void RunFolder::create(const fs::path& path, const RunDescription& description) {
  if (fs::exists(path) && !(fs::is_directory(path) && fs::is_empty(path))) {
    throw std::runtime_error(fmt::format(
        "{}: exists already; go on with it by --resume, or choose another --out", path.string()));
  }
  write_folder_durably(path, path.string() + ".writing",
                       {{kRecipeFile, bytes_of(description.recipe)},
                        {kDescriptionFile, bytes_of(description_text(description))}});
}

RunFolder::RunFolder(fs::path path, const RunDescription& description,
                     std::vector<std::string>& warnings)
    : path_(std::move(path)) {
  if (!fs::exists(path_ / kDescriptionFile)) {
    throw std::runtime_error(fmt::format("{}: is no run, it has no {}; choose another --out",
                                         path_.string(), kDescriptionFile));
  }
  compare(path_, description, warnings);
  mend();
  find_state();
}

void RunFolder::mend() {
  fs::create_directories(path_ / kStates);
  fs::create_directories(path_ / fs::path(kEventFile).parent_path());
  for (const fs::path& checkpoint : {last(), best()}) {
    // A process killed between the two renames of network::write_folder leaves the old one aside.
    const fs::path aside = checkpoint.string() + ".replaced";
    if (fs::exists(aside) && !fs::exists(checkpoint)) fs::rename(aside, checkpoint);
    fs::remove_all(aside);
    fs::remove_all(checkpoint.string() + ".writing");
  }
}

void RunFolder::find_state() {
  std::vector<std::string> complete;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_ / kStates)) {
    const std::string name = entry.path().filename().string();
    if (is_state_name(name)) {
      complete.push_back(name);
    } else {
      fs::remove_all(entry.path());
    }
  }
  std::int64_t metrics_size = 0;
  std::int64_t events_size = 0;
  if (!complete.empty()) {
    const std::string newest = std::ranges::max(complete);
    const fs::path folder = path_ / kStates / newest;
    state_ = network::read_file(folder / kStateFile);
    saved_step_ = std::stoll(newest);
    const Json files = read_json(folder / kFilesFile);
    metrics_size = files.at("metrics");
    events_size = files.at("events");
  }
  metrics_ = std::make_unique<AppendedFile>(path_ / kMetricsFile, metrics_size);
  events_ = std::make_unique<AppendedFile>(path_ / kEventFile, events_size);
  if (events_size == 0) events_->append(first_event(seconds_since_1970()));
}

void RunFolder::save(const RunState& state) {
  metrics_->sync();
  events_->sync();
  const std::string name = fmt::format("{:012}", state.progress.step);
  const fs::path folder = path_ / kStates / name;
  if (fs::exists(folder)) return;  // nothing has happened since
  const Json files = {{"metrics", metrics_->size()}, {"events", events_->size()}};
  write_folder_durably(folder, folder.string() + ".writing",
                       {{kFilesFile, bytes_of(files.dump())}, {kStateFile, state.bytes()}});
  saved_step_ = state.progress.step;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_ / kStates)) {
    if (entry.path().filename() != name) fs::remove_all(entry.path());
  }
}

void RunFolder::scalars(std::int64_t step, const std::vector<Scalar>& scalars) {
  events_->append(scalar_event(seconds_since_1970(), step, scalars));
}

}  // namespace coco_mcu::training
