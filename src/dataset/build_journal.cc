#include "dataset/build_journal.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace coco_mcu::dataset {
namespace {

using nlohmann::json;

constexpr int kLastFate = static_cast<int>(Fate::kUnreadable);

std::string line_of(const PictureOutcome& outcome) {
  const json line = {static_cast<int>(outcome.fate),
                     outcome.sha256,
                     outcome.height,
                     outcome.width,
                     outcome.bytes,
                     outcome.record,
                     outcome.same_as,
                     outcome.reason};
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

/// Throws nlohmann's exception for anything but what line_of writes.
PictureOutcome outcome_of(const std::string& line) {
  const json values = json::parse(line);
  PictureOutcome outcome;
  outcome.fate = static_cast<Fate>(std::clamp(values.at(0).get<int>(), 0, kLastFate));
  values.at(1).get_to(outcome.sha256);
  values.at(2).get_to(outcome.height);
  values.at(3).get_to(outcome.width);
  values.at(4).get_to(outcome.bytes);
  values.at(5).get_to(outcome.record);
  values.at(6).get_to(outcome.same_as);
  values.at(7).get_to(outcome.reason);
  return outcome;
}

}  // namespace

BuildJournal::BuildJournal(std::filesystem::path file, const std::string& digest)
    : file_(std::move(file)), digest_(digest) {
  read();
  if (outcomes_.empty()) {
    restart();
  } else {
    stream_.open(file_, std::ios::binary | std::ios::app);
  }
}

void BuildJournal::read() {
  std::ifstream stream(file_, std::ios::binary);
  std::string line;
  if (!std::getline(stream, line) || line != digest_) return;
  std::uintmax_t whole = line.size() + 1;
  // A line without its end was cut by a kill: getline then meets the end of the file.
  while (std::getline(stream, line) && !stream.eof()) {
    try {
      outcomes_.push_back(outcome_of(line));
    } catch (const json::exception&) {
      break;
    }
    whole += line.size() + 1;
  }
  stream.close();
  std::error_code ignored;  // where it cannot be cut, it cannot be written to either
  if (!outcomes_.empty()) std::filesystem::resize_file(file_, whole, ignored);
}

void BuildJournal::restart() {
  outcomes_.clear();
  stream_.close();
  stream_.open(file_, std::ios::binary | std::ios::trunc);
  stream_ << digest_ << '\n' << std::flush;
}

void BuildJournal::append(PictureOutcome outcome) {
  errno = 0;
  stream_ << line_of(outcome) << std::flush;
  if (!stream_) {
    throw std::runtime_error(
        fmt::format("{}: cannot be written ({}); make room and run the same command again: it goes "
                    "on where it stopped",
                    file_.string(), std::generic_category().message(errno)));
  }
  outcomes_.push_back(std::move(outcome));
}

}  // namespace coco_mcu::dataset
