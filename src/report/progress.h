// How far long work has come, on stderr: a bar that is redrawn on a terminal, a line now and then
// in a log.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

namespace coco_mcu::report {

/// Where a progress bar is drawn, and by which clock.
struct ProgressOutput {
  std::ostream* stream = nullptr;
  bool terminal = false;          // redraw one line with \r, or write lines
  int columns = 80;               // of the terminal; at least 20
  std::function<double()> clock;  // seconds, never falling
};

/// stderr as it is (a terminal or not, and how wide) and the steady clock.
ProgressOutput standard_error();

/// Shows done / total, items per second and the time left, measured since it was made:
///
///   train epoch 3  [=========>          ]  12,345/40,504  30 %  812/s  0:34 left
///
/// On a terminal it redraws at most ten times a second; elsewhere it writes a line at most every
/// ten seconds, and a last one. Nothing is written before the first update. One thread at a time.
class Progress {
 public:
  /// `total` 0 means it is not known: the count and the speed are shown alone. Throws
  /// std::invalid_argument for a negative total.
  Progress(std::string label, std::int64_t total, ProgressOutput output = standard_error());
  /// Ends the line of a bar that was not finished, so that an error's message starts on its own.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::int64_t items = 1) { update(done_ + items); }
  void update(std::int64_t done);
  /// The last line, with the time it all took; more calls change nothing.
  void finish();

 private:
  double elapsed() const;
  std::string facts(double seconds) const;
  std::string bar_line(const std::string& facts) const;
  void write(const std::string& line);

  std::string label_;
  std::int64_t total_;
  ProgressOutput output_;
  std::int64_t done_ = 0;
  double start_;
  double next_draw_;
  std::size_t drawn_width_ = 0;  // columns of the line that stands on the terminal
  bool finished_ = false;
};

/// 34 as "0:34", 3725 as "1:02:05"; rounded to whole seconds, negative ones to 0.
std::string clock_time(double seconds);

}  // namespace coco_mcu::report
