#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "browser/page_server.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace coco_mcu::cli {
namespace {

constexpr int kMostPort = 65535;

struct Options {
  int port = 8080;
  std::string folder;
};

void serve(const Options& options) {
  if (options.port > kMostPort) {
    throw UsageError(
        fmt::format("--port {}: is no port; the highest is {}", options.port, kMostPort));
  }
  const std::string folder =
      options.folder.empty() ? browser::default_page_folder().string() : options.folder;
  browser::PageServer server(folder);
  const int port = server.bind(options.port);
  print_line(fmt::format("http://127.0.0.1:{}/ shows {}; Ctrl-C ends it", port, folder));
  std::fflush(stdout);  // whoever reads it through a pipe waits for it
  server.run();
}

}  // namespace

void add_serve(CommandLine& program) {
  Command command =
      program.command("serve", "Serve the page that decides in the browser, on this machine alone");
  auto options = std::make_shared<Options>();
  command.count("--port", options->port, "Port of 127.0.0.1, 0 for any free one (default 8080)");
  command.text(
      "--folder", options->folder,
      "Folder of the page that `make web` has made (default: where it made it, or where it "
      "is installed)");
  command.example("  coco-mcu serve --port 8080");
  command.action([options] { serve(*options); });
}

}  // namespace coco_mcu::cli
