#include "report/progress.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

/// A progress bar's surroundings: the stream it writes to and a clock that is set by hand.
struct Desk {
  std::ostringstream stream;
  double now = 100.0;

  ProgressOutput output(bool terminal, int columns = 80) {
    return {&stream, terminal, columns, [this] { return now; }};
  }
  std::string text() const { return stream.str(); }
};

TEST(Progress, DrawsABarOnATerminal) {
  Desk desk;
  Progress progress("train", 1000, desk.output(true));
  EXPECT_EQ(desk.text(), "");
  desk.now += 2.0;
  progress.update(250);
  EXPECT_EQ(desk.text(),
            "\rtrain  [=====>                    ]  250/1,000  25 %  125/s  0:06 left");
  desk.now += 6.0;
  progress.update(1000);
  progress.finish();
  EXPECT_THAT(desk.text(), testing::HasSubstr("[==========================]  1,000/1,000  100 %"));
  EXPECT_THAT(desk.text(), testing::HasSubstr("\rtrain  1,000  125/s  in 0:08  "));
  EXPECT_EQ(desk.text().back(), '\n');
}

TEST(Progress, RedrawsAtMostTenTimesASecond) {
  Desk desk;
  Progress progress("scan", 100000, desk.output(true));
  for (int i = 0; i < 1000; ++i) {
    progress.advance();
    desk.now += 0.001;
  }
  const std::string text = desk.text();
  const auto draws = std::count(text.begin(), text.end(), '\r');
  EXPECT_GE(draws, 9);
  EXPECT_LE(draws, 10);
}

TEST(Progress, WritesPlainLinesToALog) {
  Desk desk;
  {
    Progress progress("read", 300, desk.output(false));
    for (int i = 1; i <= 300; ++i) {
      desk.now += 0.125;
      progress.update(i);
    }
    progress.finish();
    progress.finish();
    progress.update(301);
  }
  EXPECT_EQ(desk.text(),
            "read  80/300  26 %  8/s  0:28 left\n"
            "read  160/300  53 %  8/s  0:18 left\n"
            "read  240/300  80 %  8/s  0:08 left\n"
            "read  300  8/s  in 0:38\n");
}

TEST(Progress, AnUnknownTotalShowsTheCountAndTheSpeed) {
  Desk desk;
  Progress progress("records", 0, desk.output(true));
  desk.now += 4.0;
  progress.update(10);
  EXPECT_EQ(desk.text(), "\rrecords  10  2.5/s");
}

TEST(Progress, FitsANarrowTerminal) {
  Desk desk;
  Progress progress("a rather long label", 1000, desk.output(true, 30));
  desk.now += 1.0;
  progress.update(500);
  EXPECT_EQ(desk.text(), "\ra rather long label  500/1,00");
  EXPECT_LT(desk.text().size(), 32U);
}

TEST(Progress, BlanksTheRestOfALongerLine) {
  Desk desk;
  Progress progress("x", 0, desk.output(true));
  desk.now += 1.0;
  progress.update(123456);
  desk.now += 1.0;
  progress.update(2);
  EXPECT_EQ(desk.text(), "\rx  123,456  123,456/s\rx  2  1/s            ");
}

TEST(Progress, AnUnfinishedBarEndsItsLine) {
  Desk desk;
  {
    Progress progress("x", 10, desk.output(true));
    progress.update(1);
  }
  EXPECT_EQ(desk.text().back(), '\n');
  Desk untouched;
  { const Progress progress("x", 10, untouched.output(true)); }
  EXPECT_EQ(untouched.text(), "");
}

TEST(Progress, AnUnfinishedTotalIsShownAtTheEnd) {
  Desk desk;
  Progress progress("x", 10, desk.output(false));
  desk.now += 2.0;
  progress.update(4);
  progress.finish();
  EXPECT_EQ(desk.text(), "x  4/10  2/s  in 0:02\n");
}

TEST(Progress, RefusesANegativeTotal) {
  Desk desk;
  EXPECT_THROW(Progress("x", -1, desk.output(false)), std::invalid_argument);
}

TEST(ClockTime, HoursMinutesSeconds) {
  EXPECT_EQ(clock_time(0.0), "0:00");
  EXPECT_EQ(clock_time(-5.0), "0:00");
  EXPECT_EQ(clock_time(33.6), "0:34");
  EXPECT_EQ(clock_time(59.7), "1:00");
  EXPECT_EQ(clock_time(3725.0), "1:02:05");
}

}  // namespace
}  // namespace coco_mcu::report
