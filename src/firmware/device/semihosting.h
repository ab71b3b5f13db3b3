// Talking to the debugger or simulator that runs the firmware: console, files, exit status (Arm's
// "Semihosting for AArch32 and AArch64"). Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coco_mcu::firmware {

/// Prints a text as it is.
void print(const char* text);

/// Prints a word, a space, a number and the end of the line.
void print_figure(const char* word, std::uint32_t number);

/// Ends the simulation with this exit status.
[[noreturn]] void exit_with(int status);

/// What follows the program's name in the simulator's command line, up to its end; `text` has the
/// whole line, and is empty where there is none or more than fits.
struct Words {
  const char* begin;
  std::size_t length;

  bool are(const char* text) const;
};
Words read_command_line(char* text, std::size_t size);

/// A file of the host, read from its beginning.
class HostFile {
 public:
  explicit HostFile(const Words& name);
  ~HostFile();
  HostFile(const HostFile&) = delete;
  HostFile& operator=(const HostFile&) = delete;

  bool is_open() const { return handle_ >= 0; }
  /// Whether all of them could be read.
  bool read(std::uint8_t* bytes, std::size_t count) const;

 private:
  std::int32_t handle_;
};

}  // namespace coco_mcu::firmware
