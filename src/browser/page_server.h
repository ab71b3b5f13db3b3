// Serves the built page to browsers of this machine. On hosts alone.
#pragma once

#include <filesystem>
#include <memory>

namespace httplib {
class Server;
}

namespace coco_mcu::browser {

/// Where the page lies when nobody says so: beside the build's folder or where it is installed. The
/// second where neither is there.
std::filesystem::path default_page_folder();

class PageServer {
 public:
  /// Throws std::runtime_error where `folder` holds no page.
  explicit PageServer(const std::filesystem::path& folder);
  ~PageServer();
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;

  /// Takes a port of 127.0.0.1, any free one for 0, and returns it. Throws std::runtime_error where
  /// it is taken.
  int bind(int port);

  /// Answers until stop() is called.
  void run();
  void stop();

 private:
  std::unique_ptr<httplib::Server> server_;
};

}  // namespace coco_mcu::browser
