#include "report/diagram_grid.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::report {
namespace {

std::vector<DiagramBlock> blocks(const std::vector<std::vector<int>>& inputs) {
  std::vector<DiagramBlock> result(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) result[i].inputs = inputs[i];
  return result;
}

TEST(Arrange, AChainFillsTheFirstColumn) {
  const Grid grid = arrange(blocks({{}, {0}, {1}}));
  EXPECT_EQ(grid.rows, 3);
  EXPECT_EQ(grid.columns, 1);
  EXPECT_THAT(grid.cells, testing::ElementsAre(Cell{0, 0}, Cell{1, 0}, Cell{2, 0}));
  for (const Connection& connection : grid.connections) EXPECT_EQ(connection.way, Way::kTop);
}

TEST(Arrange, ABranchStandsBesideAndJoinsFromTheRight) {
  // 0 -> 1 (branch), 0 -> 2 -> 3 = 2 * 1; a second branch below reuses the column.
  const Grid grid = arrange(blocks({{}, {0}, {0}, {2, 1}, {3}, {3}, {5, 4}}));
  EXPECT_EQ(grid.columns, 2);
  EXPECT_EQ(grid.cells[1], (Cell{1, 1}));
  EXPECT_EQ(grid.cells[2], (Cell{1, 0}));
  EXPECT_EQ(grid.cells[3], (Cell{2, 0}));
  EXPECT_EQ(grid.cells[4], (Cell{3, 1}));
  EXPECT_EQ(grid.connections[3].way, Way::kRightSide);
}

TEST(Arrange, BranchesAtTheSameTimeTakeSeparateColumns) {
  const Grid grid = arrange(blocks({{}, {0}, {0}, {0}, {3, 2, 1}}));
  EXPECT_EQ(grid.columns, 3);
  EXPECT_NE(grid.cells[1].column, grid.cells[2].column);
}

TEST(Arrange, ASkipTakesALaneAtTheLeft) {
  const Grid grid = arrange(blocks({{}, {0}, {1}, {2, 0}}));
  EXPECT_EQ(grid.columns, 1);
  EXPECT_EQ(grid.connections.back().way, Way::kLeftLane);
  EXPECT_THAT(grid.lanes, testing::ElementsAre(1, 0));
}

TEST(Arrange, NestedSkipsLieInEachOther) {
  const Grid grid = arrange(blocks({{}, {0}, {1}, {2, 1}, {3, 0}}));
  EXPECT_THAT(grid.lanes, testing::ElementsAre(2, 0));
  const Connection& inner = grid.connections[3];
  const Connection& outer = grid.connections[5];
  EXPECT_EQ(inner.from, 1);
  EXPECT_EQ(outer.from, 0);
  EXPECT_GT(inner.lane, outer.lane);  // nearer to the column
}

TEST(Arrange, SkipsAboveEachOtherShareALane) {
  const Grid grid = arrange(blocks({{}, {0}, {1, 0}, {2}, {3}, {4, 3}}));
  EXPECT_THAT(grid.lanes, testing::ElementsAre(1, 0));
}

TEST(Arrange, RefusesInputsThatAreNoEarlierBlocks) {
  EXPECT_THROW(arrange({}), std::invalid_argument);
  EXPECT_THROW(arrange(blocks({{0}})), std::invalid_argument);
  EXPECT_THROW(arrange(blocks({{}, {2}, {1}})), std::invalid_argument);
  EXPECT_THROW(arrange(blocks({{}, {-1}})), std::invalid_argument);
}

}  // namespace
}  // namespace coco_mcu::report
