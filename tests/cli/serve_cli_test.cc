// What `coco-mcu serve` refuses; that it serves is what tests/web uses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;

TEST(ServeCommand, AFolderWithoutAPageIsRefused) {
  const testing::TemporaryFolder empty;
  const Outcome outcome = testing::run_program({"serve", "--folder", empty.path().string()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr(empty.path().string() + ": there is no page"));
}

TEST(ServeCommand, WhatIsNoPortIsRefused) {
  const Outcome outcome = testing::run_program({"serve", "--port", "70000"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--port 70000: is no port"));
}

}  // namespace
}  // namespace coco_mcu
