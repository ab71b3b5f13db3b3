#include "cli/command_line.h"

#include <cstdio>
#include <limits>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace coco_mcu::cli {
namespace {

constexpr int kUsageError = 2;
constexpr int kInterrupted = 130;  // as shells report SIGINT

}  // namespace

void Command::flag(const std::string& name, bool& value, const std::string& help) {
  app_->add_flag(name, value, help);
}

void Command::text(const std::string& name, std::string& value, const std::string& help) {
  app_->add_option(name, value, help);
}

void Command::required_text(const std::string& name, std::string& value, const std::string& help) {
  app_->add_option(name, value, help)->required();
}

void Command::choice(const std::string& name, std::string& value,
                     const std::vector<std::string>& choices, const std::string& help) {
  app_->add_option(name, value, help)->check(CLI::IsMember(choices));
}

void Command::share(const std::string& name, double& value, const std::string& help) {
  app_->add_option(name, value, help)->check(CLI::Range(0.0, 1.0));
}

void Command::share(const std::string& name, std::optional<double>& value,
                    const std::string& help) {
  app_->add_option(name, value, help)->check(CLI::Range(0.0, 1.0));
}

void Command::count(const std::string& name, int& value, const std::string& help) {
  app_->add_option(name, value, help)->check(CLI::Range(0, std::numeric_limits<int>::max()));
}

void Command::number(const std::string& name, double& value, const std::string& help) {
  app_->add_option(name, value, help)->check(CLI::Range(0.0, std::numeric_limits<double>::max()));
}

void Command::texts(const std::string& name, std::vector<std::string>& values,
                    const std::string& help) {
  app_->add_option(name, values, help)->allow_extra_args(false);
}

void Command::required_texts(const std::string& name, std::vector<std::string>& values,
                             const std::string& help) {
  app_->add_option(name, values, help)->required();
}

void Command::example(const std::string& command_lines) {
  app_->footer("Example:\n" + command_lines);
}

void Command::action(const std::function<void()>& work) {
  app_->callback(work);
}

CommandLine::CommandLine(const std::string& description, const std::string& version)
    : app_(std::make_unique<CLI::App>(description, "coco-mcu")) {
  app_->set_version_flag("--version", "coco-mcu " + version);
  app_->require_subcommand(1);
  app_->footer("Each command explains itself: coco-mcu detect --help");
}

CommandLine::~CommandLine() = default;

Command CommandLine::command(const std::string& name, const std::string& description) {
  return Command(app_->add_subcommand(name, description));
}

Command CommandLine::command(const std::string& group, const std::string& name,
                             const std::string& description) {
  return Command(app_->get_subcommand(group)->add_subcommand(name, description));
}

void CommandLine::open_group(const std::string& group, const std::string& description) {
  CLI::App* app = app_->add_subcommand(group, description);
  app->require_subcommand(1);
  app->footer("Each command explains itself: coco-mcu " + group + " COMMAND --help");
}

int CommandLine::run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
    return 0;
  } catch (const CLI::Success& help) {
    return app_->exit(help);
  } catch (const CLI::ParseError& error) {
    app_->exit(error);
    return kUsageError;
  } catch (const UsageError& error) {
    fmt::print(stderr, "coco-mcu: {}\n", error.what());
    return kUsageError;
  } catch (const Interrupted& interruption) {
    fmt::print(stderr, "coco-mcu: {}\n", interruption.what());
    return kInterrupted;
  }
}

}  // namespace coco_mcu::cli
