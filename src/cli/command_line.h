// The command line, as the commands see it. CLI11 parses it, in one source file: its headers take
// longer to compile than any command.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace coco_mcu::cli {

/// The command line itself is wrong: options that exclude each other, a name that is not known.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The user has ended the command by a signal, in good order.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One command. Values are bound to variables that must live until the action has run.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  void flag(const std::string& name, bool& value, const std::string& help);
  void text(const std::string& name, std::string& value, const std::string& help);
  void required_text(const std::string& name, std::string& value, const std::string& help);
  /// One of `choices`.
  void choice(const std::string& name, std::string& value, const std::vector<std::string>& choices,
              const std::string& help);
  /// A number from 0 to 1.
  void share(const std::string& name, double& value, const std::string& help);
  void share(const std::string& name, std::optional<double>& value, const std::string& help);
  /// A whole number, 0 or more.
  void count(const std::string& name, int& value, const std::string& help);
  /// Any finite number, 0 or more.
  void number(const std::string& name, double& value, const std::string& help);
  /// May be given several times.
  void texts(const std::string& name, std::vector<std::string>& values, const std::string& help);
  /// One word or more.
  void required_texts(const std::string& name, std::vector<std::string>& values,
                      const std::string& help);
  /// What stands below "Example:" in the command's help.
  void example(const std::string& command_lines);
  /// Does the command's work; throws a std::exception with one clear line where it cannot.
  void action(const std::function<void()>& work);

 private:
  CLI::App* app_;
};

/// The whole program: commands, --help and --version.
class CommandLine {
 public:
  CommandLine(const std::string& description, const std::string& version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Command command(const std::string& name, const std::string& description);
  /// A command of a group: "coco-mcu dataset build". Groups must be opened first.
  Command command(const std::string& group, const std::string& name,
                  const std::string& description);
  void open_group(const std::string& group, const std::string& description);

  /// Runs the action of the command that is named. Returns the exit status: 0; 2 where the command
  /// line itself is wrong, or 130 where the user has interrupted it, which stderr then explains.
  /// What else the action throws passes on.
  int run(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace coco_mcu::cli
