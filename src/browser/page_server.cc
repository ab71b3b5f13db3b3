#include "browser/page_server.h"

#include <sys/socket.h>

#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <httplib.h>

namespace coco_mcu::browser {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHost = "127.0.0.1";

/// Nothing comes from elsewhere and nothing goes elsewhere; scripts are the page's own files.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A second server on the same port is an error, which SO_REUSEPORT would hide.
void reuse_address_alone(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

fs::path default_page_folder() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path().parent_path();
  const fs::path built = folder.parent_path() / "web";
  return fs::exists(built / "index.html") ? built : folder / "share" / "coco_mcu" / "web";
}

PageServer::PageServer(const fs::path& folder) : server_(std::make_unique<httplib::Server>()) {
  if (!fs::exists(folder / "index.html")) {
    throw std::runtime_error(fmt::format(
        "{}: there is no page; make it with `make web`, or name its folder with --folder",
        folder.string()));
  }
  server_->set_socket_options(reuse_address_alone);
  server_->set_file_extension_and_mimetype_mapping("cmcu", "application/octet-stream");
  server_->set_file_extension_and_mimetype_mapping("js", "text/javascript");
  server_->set_file_extension_and_mimetype_mapping("wasm", "application/wasm");
  server_->set_default_headers({{"Cache-Control", "no-cache"},
                                {"Content-Security-Policy", kContentSecurityPolicy},
                                {"Cross-Origin-Opener-Policy", "same-origin"},
                                {"Referrer-Policy", "no-referrer"},
                                {"X-Content-Type-Options", "nosniff"}});
  server_->set_mount_point("/", folder.string());
}

PageServer::~PageServer() = default;

int PageServer::bind(int port) {
  const int bound = port == 0                            ? server_->bind_to_any_port(kHost)
                    : server_->bind_to_port(kHost, port) ? port
                                                         : -1;
  if (bound < 0) {
    throw std::runtime_error(fmt::format(
        "{}:{}: cannot be taken, something else may listen there; choose another --port", kHost,
        port));
  }
  return bound;
}

void PageServer::run() {
  server_->listen_after_bind();
}

void PageServer::stop() {
  server_->stop();
}

}  // namespace coco_mcu::browser
