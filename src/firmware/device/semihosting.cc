#include "firmware/device/semihosting.h"

namespace coco_mcu::firmware {
namespace {

enum Operation : std::uint32_t {
  kOpen = 0x01,
  kClose = 0x02,
  kWriteText = 0x04,
  kRead = 0x06,
  kCommandLine = 0x15,
  kExitExtended = 0x20,
};

std::int32_t call(Operation operation, const void* argument) {
  register std::uint32_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return static_cast<std::int32_t>(r0);
}

}  // namespace

void print(const char* text) {
  call(kWriteText, text);
}

void print_figure(const char* word, std::uint32_t number) {
  char digits[12];
  char* first = digits + sizeof(digits) - 1;
  *first = 0;
  *--first = '\n';
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  print(word);
  print(" ");
  print(first);
}

void exit_with(int status) {
  constexpr std::uint32_t kApplicationExit = 0x20026;
  const std::uint32_t block[] = {kApplicationExit, static_cast<std::uint32_t>(status)};
  call(kExitExtended, block);
  while (true) {
  }
}

bool Words::are(const char* text) const {
  std::size_t i = 0;
  while (i < length && begin[i] == text[i]) ++i;
  return i == length && text[i] == 0;
}

Words read_command_line(char* text, std::size_t size) {
  struct {
    char* text;
    std::size_t size;  // of the line, when it is there
  } block = {text, size};
  if (call(kCommandLine, &block) != 0) {
    text[0] = 0;
    return {text, 0};
  }
  std::size_t first = 0;
  while (first < block.size && text[first] != ' ') ++first;
  if (first < block.size) ++first;
  return {text + first, block.size - first};
}

HostFile::HostFile(const Words& name) {
  constexpr std::uint32_t kReadBinary = 1;
  const struct {
    const char* name;
    std::uint32_t mode;
    std::size_t length;
  } block = {name.begin, kReadBinary, name.length};
  handle_ = call(kOpen, &block);
}

HostFile::~HostFile() {
  if (is_open()) call(kClose, &handle_);
}

bool HostFile::read(std::uint8_t* bytes, std::size_t count) const {
  const struct {
    std::int32_t handle;
    std::uint8_t* bytes;
    std::size_t count;
  } block = {handle_, bytes, count};
  return call(kRead, &block) == 0;  // the number of bytes that are missing
}

}  // namespace coco_mcu::firmware
