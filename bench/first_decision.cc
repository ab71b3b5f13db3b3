// Claim: opening an integer model and its first decision take less than 10 ms: reading the file,
// verifying all that could be wrong with it, preparing an arena and deciding on one picture. Prints
// the median of many times from nothing, for the whole reference network at 8 and at 2 bits.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/timing.h"
#include "bench/support/untrained_model.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "model/model_file.h"
#include "report/file.h"
#include "tests/support/made_up_checkpoint.h"
#include "tests/support/temporary_folder.h"

namespace coco_mcu {
namespace {

constexpr double kLimitMilliseconds = 10.0;
constexpr int kRounds = 51;

double open_and_decide(const std::filesystem::path& path) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const model::ModelFile file = model::read_model(path);
  const kernels::Backend& backend = kernels::best_backend();
  const engine::Arena arena(engine::arena_bytes(file.view(), backend));
  engine::Engine engine(file.view(), backend, arena.data());
  const std::vector<std::uint8_t> picture(model::tensor_bytes(file.view().layer(0)), 100);
  engine.run(picture.data());
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double measure_policy(const std::filesystem::path& folder, const std::string& policy) {
  const model::ModelFile file = lower_untrained(testing::made_up_checkpoint(), policy);
  const std::filesystem::path path = folder / (policy + ".cmcu");
  const auto bytes = file.bytes();
  report::write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  std::vector<double> milliseconds;
  for (int round = 0; round < kRounds; ++round) milliseconds.push_back(open_and_decide(path));
  const double result = median(milliseconds);
  fmt::print("{}, {} bytes: {:.2f} ms, limit {:.0f} ms\n", policy, bytes.size(), result,
             kLimitMilliseconds);
  return result;
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  const testing::TemporaryFolder folder;
  nlohmann::ordered_json line;
  line["milliseconds_w8"] = measure_policy(folder.path(), "w8");
  line["milliseconds_w2"] = measure_policy(folder.path(), "w2");
  line["limit_milliseconds"] = kLimitMilliseconds;
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
