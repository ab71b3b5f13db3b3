#include "report/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "report/table.h"
#include "report/utf8.h"

namespace coco_mcu::report {
namespace {

constexpr double kSecondsBetweenDraws = 0.1;
constexpr double kSecondsBetweenLines = 10.0;
constexpr int kFewestColumns = 20;
constexpr int kNarrowestBar = 8;
constexpr int kWidestBar = 40;
constexpr std::size_t kWidestRates = 32;  // "/  100 %  12,345/s  1:02:03 left"

int terminal_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Items per second: whole from 100 on, with the digits that matter below.
std::string speed(double items_per_second) {
  if (items_per_second >= 100.0) {
    return fmt::format("{}/s", thousands(std::llround(items_per_second)));
  }
  return fmt::format("{:.3g}/s", items_per_second);
}

}  // namespace

ProgressOutput standard_error() {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  return {&std::cerr, terminal, terminal ? terminal_columns() : 80, steady_seconds};
}

Progress::Progress(std::string label, std::int64_t total, ProgressOutput output)
    : label_(std::move(label)),
      total_(total),
      output_(std::move(output)),
      start_(output_.clock()),
      next_draw_(output_.terminal ? start_ : start_ + kSecondsBetweenLines) {
  if (total < 0) {
    throw std::invalid_argument(
        fmt::format("progress of {}: a total of {}; give 0 where it is "
                    "not known",
                    label_, total));
  }
  output_.columns = std::max(output_.columns, kFewestColumns);
}

Progress::~Progress() {
  if (!finished_ && drawn_width_ > 0) *output_.stream << std::endl;
}

double Progress::elapsed() const {
  return output_.clock() - start_;
}

void Progress::update(std::int64_t done) {
  done_ = done;
  if (finished_ || output_.clock() < next_draw_) return;
  next_draw_ = output_.clock() + (output_.terminal ? kSecondsBetweenDraws : kSecondsBetweenLines);
  const std::string text = facts(elapsed());
  write(output_.terminal ? bar_line(text) : label_ + "  " + text);
}

void Progress::finish() {
  if (finished_) return;
  const double seconds = elapsed();
  const double rate = seconds > 0.0 ? static_cast<double>(done_) / seconds : 0.0;
  std::string line = label_ + "  " + thousands(done_);
  if (total_ > 0 && done_ != total_) line += fmt::format("/{}", thousands(total_));
  if (rate > 0.0) line += fmt::format("  {}", speed(rate));
  write(line + "  in " + clock_time(seconds));
  if (output_.terminal) *output_.stream << std::endl;
  finished_ = true;
}

/// "12,345/40,504  30 %  812/s  0:34 left", as far as each is known.
std::string Progress::facts(double seconds) const {
  std::string text = thousands(done_);
  const double rate = seconds > 0.0 ? static_cast<double>(done_) / seconds : 0.0;
  if (total_ > 0) {
    const double share = 100.0 * static_cast<double>(done_) / static_cast<double>(total_);
    text += fmt::format("/{}  {:.0f} %", thousands(total_), std::floor(share));
  }
  if (rate <= 0.0) return text;
  text += fmt::format("  {}", speed(rate));
  if (total_ > done_) {
    text += fmt::format("  {} left", clock_time(static_cast<double>(total_ - done_) / rate));
  }
  return text;
}

/// Label, bar and facts as they fit the terminal: without the bar where there is no room, and cut
/// at the end where even that is too long, because a wrapped line cannot be redrawn.
std::string Progress::bar_line(const std::string& facts) const {
  const auto columns = static_cast<std::size_t>(output_.columns) - 1;
  std::string line = label_ + "  ";
  // Room for the widest facts, not for these, so that the bar keeps its width.
  const std::size_t widest_facts = 2 * thousands(total_).size() + kWidestRates;
  const int room =
      static_cast<int>(columns) - static_cast<int>(display_width(line) + 4 + widest_facts);
  if (total_ > 0 && room >= kNarrowestBar) {
    const int width = std::min(room, kWidestBar);
    const double share = static_cast<double>(done_) / static_cast<double>(total_);
    const int filled = std::clamp(static_cast<int>(share * width), 0, width);
    std::string bar(static_cast<std::size_t>(width), ' ');
    std::fill_n(bar.begin(), filled, '=');
    if (filled > 0 && filled < width) bar[static_cast<std::size_t>(filled) - 1] = '>';
    line += fmt::format("[{}]  ", bar);
  }
  line += facts;
  while (display_width(line) > columns) line.pop_back();
  return line;
}

void Progress::write(const std::string& line) {
  std::ostream& stream = *output_.stream;
  if (!output_.terminal) {
    stream << line << std::endl;
    return;
  }
  const std::size_t width = display_width(line);
  const std::string blank(drawn_width_ > width ? drawn_width_ - width : 0, ' ');
  stream << '\r' << line << blank << std::flush;
  drawn_width_ = width;
}

std::string clock_time(double seconds) {
  const long long whole = std::llround(std::max(seconds, 0.0));
  const long long hours = whole / 3600;
  const long long minutes = whole / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

}  // namespace coco_mcu::report
