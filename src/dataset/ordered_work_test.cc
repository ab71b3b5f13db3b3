#include "dataset/ordered_work.h"

#include <chrono>
#include <numeric>
#include <stdexcept>

#include <gtest/gtest.h>

namespace coco_mcu::dataset {
namespace {

TEST(OrderedWork, HandsOverInOrderWhateverTheThreads) {
  for (const int threads : {0, 1, 2, 7}) {
    std::vector<std::size_t> squares;
    OrderedWork<std::size_t> work(3, 100, [](std::size_t index) {
      if (index % 10 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
      return index * index;
    });
    work.run(threads, [&](std::size_t index, std::size_t square) {
      EXPECT_EQ(square, index * index);
      squares.push_back(square);
    });
    ASSERT_EQ(squares.size(), 97U);
    EXPECT_EQ(squares.front(), 9U);
    EXPECT_TRUE(std::is_sorted(squares.begin(), squares.end()));
  }
}

TEST(OrderedWork, NothingToDoIsDone) {
  OrderedWork<int> work(5, 5, [](std::size_t) { return 1; });
  work.run(2, [](std::size_t, int) { FAIL(); });
}

TEST(OrderedWork, PassesExceptionsOn) {
  OrderedWork<int> failing(0, 50, [](std::size_t index) {
    if (index == 20) throw std::runtime_error("work");
    return 1;
  });
  EXPECT_THROW(failing.run(2, [](std::size_t, int) {}), std::runtime_error);
  OrderedWork<int> refused(0, 50, [](std::size_t) { return 1; });
  EXPECT_THROW(refused.run(2, [](std::size_t, int) { throw std::logic_error("done"); }),
               std::logic_error);
}

}  // namespace
}  // namespace coco_mcu::dataset
