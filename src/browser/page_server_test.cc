#include "browser/page_server.h"

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "tests/support/temporary_folder.h"

namespace coco_mcu::browser {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

/// A page of three files, served while the test runs.
class ServedPage : public ::testing::Test {
 protected:
  ServedPage() {
    write("index.html", "<!doctype html>");
    write("engine.wasm", "wasm");
    write("app.js", "run()");
    server_ = std::make_unique<PageServer>(folder_.path());
    port_ = server_->bind(0);
    thread_ = std::thread([this] { server_->run(); });
    get("/");  // only what answers can be stopped
  }
  ~ServedPage() override {
    server_->stop();
    thread_.join();
  }

  httplib::Response get(const std::string& path) const {
    const httplib::Result result = httplib::Client("127.0.0.1", port_).Get(path);
    return result ? result.value() : httplib::Response{};
  }
  int port() const { return port_; }
  const testing::TemporaryFolder& folder() const { return folder_; }

 private:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<PageServer> server_;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(ServedPage, EveryFileHasItsType) {
  EXPECT_THAT(get("/").body, Eq("<!doctype html>"));
  EXPECT_THAT(get("/").get_header_value("Content-Type"), HasSubstr("text/html"));
  EXPECT_THAT(get("/app.js").get_header_value("Content-Type"), HasSubstr("text/javascript"));
  EXPECT_THAT(get("/engine.wasm").get_header_value("Content-Type"), Eq("application/wasm"));
  EXPECT_THAT(get("/engine.wasm").body, Eq("wasm"));
}

TEST_F(ServedPage, NothingMayComeFromElsewhere) {
  const httplib::Response page = get("/");
  EXPECT_THAT(page.get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(page.get_header_value("X-Content-Type-Options"), Eq("nosniff"));
}

TEST_F(ServedPage, NothingButTheFolderIsServed) {
  EXPECT_THAT(get("/absent.js").status, Eq(404));
  EXPECT_THAT(get("/../../../../etc/passwd").status, Eq(404));
}

TEST_F(ServedPage, ATakenPortIsRefused) {
  PageServer second(folder().path());
  EXPECT_THAT([&] { second.bind(port()); },
              Throws<std::runtime_error>(
                  Property(&std::runtime_error::what, HasSubstr("choose another --port"))));
}

TEST(PageServer, AFolderWithoutAPageIsRefused) {
  const testing::TemporaryFolder empty;
  EXPECT_THAT([&] { PageServer{empty.path()}; },
              Throws<std::runtime_error>(
                  Property(&std::runtime_error::what, HasSubstr("make it with `make web`"))));
}

}  // namespace
}  // namespace coco_mcu::browser
