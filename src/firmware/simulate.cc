#include "firmware/simulate.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::firmware {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A word for the shell.
std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char letter : word)
    result += letter == '\'' ? std::string("'\\''") : std::string{letter};
  return result + "'";
}

/// Runs a command with stdout and stderr going to `log`. Returns its exit status.
int run(const std::string& command, const fs::path& log) {
  const int status =
      std::system(fmt::format("( {} ) > {} 2>&1 < /dev/null", command, quoted(log)).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The first line that holds one of these words; else the last line.
std::string complaint(const fs::path& log, std::initializer_list<const char*> words) {
  std::istringstream lines(content(log));
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    for (const char* word : words) {
      if (line.find(word) != std::string::npos) return line;
    }
    if (!line.empty()) last = line;
  }
  return last;
}

fs::path counter_path() {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  return program.parent_path().parent_path() / "lib" / "libcoco_mcu_instruction_counter.so";
}

/// Runs the firmware with the words behind its name; what it prints is returned word by word.
std::multimap<std::string, std::string> run_firmware(const fs::path& folder, const Board& board,
                                                     const std::string& argument) {
  const fs::path log = folder / "build" / "console.txt";
  const std::string command = fmt::format(
      "qemu-system-arm -M {} -display none -monitor none -serial none -plugin {},out={} "
      "-semihosting-config enable=on,target=native,chardev=console,arg=firmware,arg={} "
      "-chardev stdio,id=console,signal=off -kernel {}",
      board.name, quoted(counter_path()), quoted(folder / "build" / "counts.txt"), quoted(argument),
      quoted(folder / "build" / "firmware"));
  const int status = run(command, log);
  if (status == 127) {
    throw std::runtime_error(
        "qemu-system-arm: is not installed; install the Debian package qemu-system-arm");
  }
  if (status != 0) {
    throw std::runtime_error(fmt::format("{}: firmware ended with {}: {}", board.name, status,
                                         complaint(log, {"error: "})));
  }
  std::multimap<std::string, std::string> words;
  std::istringstream lines(content(log));
  for (std::string word, value; lines >> word >> value;) words.emplace(word, value);
  return words;
}

std::uint32_t figure(const std::multimap<std::string, std::string>& words, const char* name) {
  const auto found = words.find(name);
  if (found == words.end()) {
    throw std::runtime_error(fmt::format("firmware: has not printed its {}", name));
  }
  return static_cast<std::uint32_t>(std::stoul(found->second));
}

/// The counts at the checkpoints: before a picture's first row, behind each of `layers` that mark
/// their end, and behind the decision.
void add_instructions(const fs::path& counts, int layers,
                      std::vector<SimulatedDecision>& decisions) {
  std::ifstream file(counts);
  for (SimulatedDecision& decision : decisions) {
    std::uint64_t before = 0;
    file >> before;
    const std::uint64_t first = before;
    for (int layer = 0; layer < layers; ++layer) {
      std::uint64_t executed = before;
      file >> executed;
      decision.layer_instructions.push_back(executed - before);
      before = executed;
    }
    std::uint64_t last = first;
    file >> last;
    decision.instructions = last - first;
  }
  if (!file) throw std::runtime_error("firmware: has not passed all checkpoints; report it");
}

}  // namespace

void build(const fs::path& folder) {
  const fs::path log = fs::path(folder) += ".build.txt";
  const std::string command =
      fmt::format("cmake -G Ninja -S {0} -B {0}/build && cmake --build {0}/build", quoted(folder));
  const int status = run(command, log);
  const std::string line =
      status == 0 ? "" : complaint(log, {"error:", "more than", "overflowed by", "CMake Error"});
  fs::remove(log);
  if (status != 0) {
    throw std::runtime_error(
        fmt::format("{}: cannot be built: {}; needs cmake, ninja and arm-none-eabi-g++ with newlib",
                    folder.string(), line));
  }
}

Simulation simulate(const fs::path& folder, const Board& board, const model::View& model,
                    std::span<const std::uint8_t> pictures) {
  const fs::path pictures_file = folder / "build" / "pictures.rgb";
  std::ofstream(pictures_file, std::ios::binary)
      .write(reinterpret_cast<const char*>(pictures.data()),
             static_cast<std::streamsize>(pictures.size()));
  const auto words = run_firmware(folder, board, pictures_file.string());
  Simulation result;
  result.backend = words.find("backend")->second;
  const auto [first, last] = words.equal_range("probability");
  for (auto word = first; word != last; ++word) {
    result.decisions.emplace_back().probability = std::stoi(word->second);
  }
  const auto [first_kernel, last_kernel] = words.equal_range("kernel");
  for (auto word = first_kernel; word != last_kernel; ++word) {
    result.kernels.push_back(word->second);
  }
  result.arena_bytes = figure(words, "arena");
  result.stack_bytes = figure(words, "stack");
  result.static_bytes = figure(words, "static");
  result.code_bytes = figure(words, "code");
  result.model_bytes = figure(words, "model");
  add_instructions(folder / "build" / "counts.txt",
                   model.is_layer_by_layer() ? model.operator_count() : 0, result.decisions);
  return result;
}

bool simulate_golden(const fs::path& folder, const Board& board) {
  return figure(run_firmware(folder, board, "golden"), "golden") == 1;
}

}  // namespace coco_mcu::firmware
