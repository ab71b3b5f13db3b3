#include "report/contact_sheet.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

constexpr Colour kGreen = {0, 200, 0};
constexpr SheetLayout kLayout = {.columns = 3, .cell = 40};

SheetCell cell(int height = 40, int width = 40) {
  SheetCell result;
  result.picture = filled(height, width, kGreen);
  return result;
}

int count(const Picture& picture, Colour colour) {
  int found = 0;
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    const bool same = picture.rgb[i] == colour[0] && picture.rgb[i + 1] == colour[1] &&
                      picture.rgb[i + 2] == colour[2];
    found += same ? 1 : 0;
  }
  return found;
}

TEST(ContactSheet, ShowsEveryPictureWhole) {
  const std::vector<SheetCell> cells(7, cell());
  EXPECT_EQ(count(contact_sheet(cells, kLayout), kGreen), 7 * 40 * 40);
}

TEST(ContactSheet, GrowsByRows) {
  const std::vector<SheetCell> cells(7, cell());
  const Picture one = contact_sheet(std::span(cells).first(1), kLayout);
  const Picture three = contact_sheet(std::span(cells).first(3), kLayout);
  const Picture four = contact_sheet(std::span(cells).first(4), kLayout);
  const Picture seven = contact_sheet(cells, kLayout);
  EXPECT_EQ(one.height, three.height);
  EXPECT_LT(one.width, three.width);
  EXPECT_EQ(four.width, three.width);
  EXPECT_EQ(seven.height - four.height, four.height - three.height);
}

TEST(ContactSheet, SmallerPicturesStandInTheMiddle) {
  const std::vector<SheetCell> cells = {cell(20, 40)};
  const Picture sheet = contact_sheet(cells, kLayout);
  EXPECT_EQ(count(sheet, kGreen), 20 * 40);
  const std::size_t above = (static_cast<std::size_t>(8 + 9) * sheet.width + 20) * 3;
  const std::size_t inside = (static_cast<std::size_t>(8 + 10) * sheet.width + 20) * 3;
  EXPECT_NE(sheet.rgb[above + 1], kGreen[1]);
  EXPECT_EQ(sheet.rgb[inside + 1], kGreen[1]);
}

TEST(ContactSheet, BoxesAreOutlined) {
  std::vector<SheetCell> cells = {cell()};
  cells[0].boxes = {{0.25, 0.25, 0.75, 0.75}};
  const Picture sheet = contact_sheet(cells, kLayout);
  EXPECT_EQ(count(sheet, {255, 208, 0}), 4 * 20 - 4);
  EXPECT_EQ(count(sheet, kGreen), 40 * 40 - (4 * 20 - 4) - (4 * 22 - 4));
}

TEST(ContactSheet, BoxesStayInTheirPictures) {
  std::vector<SheetCell> cells = {cell(), cell()};
  cells[0].boxes = {{-1.0, -1.0, 2.0, 2.0}};
  const Picture sheet = contact_sheet(cells, kLayout);
  EXPECT_EQ(count(sheet, kGreen), 40 * 40 + 38 * 38);
}

TEST(ContactSheet, TheMarkHasItsColour) {
  std::vector<SheetCell> cells = {cell()};
  cells[0].mark = {1, 2, 3};
  EXPECT_EQ(count(contact_sheet(cells, kLayout), {1, 2, 3}), 40 * 3);
}

TEST(ContactSheet, LinesStandBelow) {
  std::vector<SheetCell> cells = {cell(), cell()};
  const Picture without = contact_sheet(cells, kLayout);
  cells[0].lines = {"a", "b"};
  const Picture with = contact_sheet(cells, kLayout);
  EXPECT_GT(with.height, without.height);
  EXPECT_EQ(count(with, kGreen), 2 * 40 * 40);
  EXPECT_GT(count(with, {230, 233, 238}), 0);
}

TEST(ContactSheet, LongLinesDoNotRunIntoTheNextCell) {
  std::vector<SheetCell> cells = {cell(), cell()};
  cells[0].lines = {"a very long name of a picture.jpg"};
  const Picture cut = contact_sheet(cells, kLayout);
  cells[0].lines = {"a ve.."};
  EXPECT_EQ(cut.rgb, contact_sheet(cells, kLayout).rgb);
}

TEST(ContactSheet, RefusesWhatCannotBeLaidOut) {
  const std::vector<SheetCell> cells = {cell()};
  EXPECT_THROW(contact_sheet({}, kLayout), std::invalid_argument);
  EXPECT_THROW(contact_sheet(cells, {.columns = 0}), std::invalid_argument);
  EXPECT_THROW(contact_sheet(cells, {.cell = 39}), std::invalid_argument);
  EXPECT_THROW(contact_sheet(std::vector<SheetCell>(1), kLayout), std::invalid_argument);
}

}  // namespace
}  // namespace coco_mcu::report
