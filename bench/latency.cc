// Claim: the whole reference network (46.96 M multiply-accumulates) decides at batch 1 on one
// thread in at most 0.9 ms on a core with AVX-512 VNNI, and in a fraction of libtorch's time in
// floats. Prints milliseconds, GMAC/s and the share of the processor's integer peak for the whole
// network with random weights at 8 and at 2 bits, for the trained one without what is dead and for
// the built-in model, beside libtorch's fp32 forward in the same run, and every layer of the
// reference network with the kernel that carries it out.
//
// The trained network needs the shared reference (COCO_MCU_SHARED); without it its row is left out.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/support/bench.h"
#include "bench/support/integer_peak.h"
#include "bench/support/timing.h"
#include "bench/support/untrained_model.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "model/macs.h"
#include "model/model_file.h"
#include "tests/support/made_up_checkpoint.h"
#include "tests/support/shared_material.h"
#include "tests/support/temporary_folder.h"
#include "training/float_network.h"

namespace coco_mcu {
namespace {

constexpr double kGoalMilliseconds = 0.9;  // on a core with AVX-512 VNNI
constexpr int kRounds = 25;
constexpr long kCalls = 16;  // of each competitor in a round
constexpr int kLayerRuns = 301;

/// Runs coco-mcu; its words are left out, its complaints are not.
void run_program(const std::string& arguments) {
  const std::string command = fmt::format("{} {} > /dev/null", COCO_MCU_PROGRAM, arguments);
  if (std::system(command.c_str()) != 0) throw std::runtime_error("this failed: " + command);
}

/// The trained network of 2019 without what is dead, by the program's own commands.
std::optional<model::ModelFile> lower_trained(const std::filesystem::path& folder) {
  const auto reference = testing::shared_material("reference/checkpoint");
  const auto data = testing::shared_material("data");
  if (!reference || !data) return std::nullopt;
  const std::string checkpoint = (folder / "trained").string();
  const std::string model = (folder / "pruned.cmcu").string();
  run_program(fmt::format("import --tf-checkpoint '{}/graph.ckpt' --network coco_mcu --out '{}'",
                          reference->string(), checkpoint));
  run_program(fmt::format(
      "lower --checkpoint '{0}' --calibrate '{1}/annotations/instances_coco_val.json' --images "
      "'{1}/coco_val' --pictures 16 --policy w8 --prune-below 1e-6 --out '{2}'",
      checkpoint, data->string(), model));
  return model::read_model(model);
}

/// A model with its arena and engine, ready to run.
class Runner {
 public:
  explicit Runner(const model::ModelFile& file)
      : view_(file.view()),
        backend_(kernels::best_backend()),
        arena_(engine::arena_bytes(view_, backend_)),
        engine_(view_, backend_, arena_.data()),
        picture_(model::tensor_bytes(view_.layer(0)), 100) {}

  void run(engine::Observer* observer = nullptr) { engine_.run(picture_.data(), observer); }
  const model::View& view() const { return view_; }
  const kernels::Backend& backend() const { return backend_; }

  double macs() const { return static_cast<double>(model::macs(view_)); }
  double layer_macs(int index) const { return static_cast<double>(model::macs(view_, index)); }

 private:
  model::View view_;
  const kernels::Backend& backend_;
  engine::Arena arena_;
  engine::Engine engine_;
  std::vector<std::uint8_t> picture_;
};

/// Notes when each layer was done.
class Stopwatch final : public engine::Observer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Stopwatch(int layers) : microseconds_(static_cast<std::size_t>(layers)) {}

  void start() { last_ = Clock::now(); }
  void on_rows(int layer, std::int32_t /*first*/, std::int32_t /*count*/,
               const std::uint8_t* /*rows*/) override {
    const Clock::time_point now = Clock::now();
    microseconds_[static_cast<std::size_t>(layer)].push_back(
        std::chrono::duration<double, std::micro>(now - last_).count());
    last_ = Clock::now();
  }

  double median(int layer) {
    auto& values = microseconds_[static_cast<std::size_t>(layer)];
    std::ranges::nth_element(values, values.begin() + static_cast<long>(values.size() / 2));
    return values[values.size() / 2];
  }

 private:
  std::vector<std::vector<double>> microseconds_;
  Clock::time_point last_;
};

void print_layers(const char* title, Runner& runner) {
  const model::View& view = runner.view();
  Stopwatch stopwatch(view.operator_count());
  for (int i = 0; i < kLayerRuns; ++i) {
    stopwatch.start();
    runner.run(&stopwatch);
  }
  fmt::print("\n{}, layer by layer\n{:<44} {:<14} {:>9} {:>8}  {}\n", title, "layer", "output",
             "us", "GMAC/s", "kernel");
  for (int i = 0; i < view.operator_count(); ++i) {
    const model::OperatorView layer = view.layer(i);
    const double microseconds = stopwatch.median(i);
    const double macs = runner.layer_macs(i);
    const std::string rate = macs > 0 ? fmt::format("{:.1f}", macs / microseconds / 1e3) : "";
    fmt::print("{:<44} {:<14} {:>9.2f} {:>8}  {}\n", layer.name,
               fmt::format("{}x{}x{}", layer.height, layer.width, layer.channels), microseconds,
               rate, engine::kernel_name(view, runner.backend(), i));
  }
}

/// Milliseconds of one call in each round; rounds of the competitors take turns.
template <class Work>
double round_of(const Work& work, long calls) {
  return 1e3 * seconds_of(work, calls);
}

struct Times {
  std::vector<double> w8;
  std::vector<double> w2;
  std::vector<double> built_in;
  std::vector<double> pruned;
  std::vector<double> libtorch;
};

void print_row(const char* what, double milliseconds, double macs, int bits,
               const std::string& backend) {
  const IntegerPeak peak = integer_peak(backend, bits);
  const double gmacs = macs / milliseconds / 1e6;
  fmt::print("{:<44} {:>8.3f} {:>8.1f} {:>7.0f} %\n", what, milliseconds, gmacs,
             peak.gmacs > 0 ? 100 * gmacs / peak.gmacs : 0.0);
}

}  // namespace

void measure(std::span<char*> /*arguments*/) {
  const testing::TemporaryFolder folder;
  const network::Checkpoint checkpoint = testing::made_up_checkpoint();
  const model::ModelFile w8_file = lower_untrained(checkpoint, "w8");
  const model::ModelFile w2_file = lower_untrained(checkpoint, "w2");
  const std::optional<model::ModelFile> pruned_file = lower_trained(folder.path());
  if (!pruned_file) fmt::print("The shared reference is absent: nothing pruned is measured.\n");
  const model::ModelFile built_in_file = model::read_model("models/person.cmcu");
  Runner w8(w8_file);
  Runner w2(w2_file);
  Runner built_in(built_in_file);
  std::optional<Runner> pruned =
      pruned_file ? std::optional<Runner>(std::in_place, *pruned_file) : std::nullopt;
  const auto libtorch = training::open_float_network(network::network_of(checkpoint), checkpoint);
  const std::vector<std::uint8_t> picture(model::tensor_bytes(w8.view().layer(0)), 100);

  Times times;
  libtorch->infer(picture);  // loads and warms what it needs
  for (int round = 0; round < kRounds; ++round) {
    times.w8.push_back(round_of([&] { w8.run(); }, kCalls));
    times.w2.push_back(round_of([&] { w2.run(); }, kCalls));
    times.built_in.push_back(round_of([&] { built_in.run(); }, kCalls));
    if (pruned) times.pruned.push_back(round_of([&] { pruned->run(); }, kCalls));
    times.libtorch.push_back(round_of([&] { libtorch->infer(picture); }, kCalls / 4));
  }
  const double w8_ms = median(times.w8);
  const double w2_ms = median(times.w2);
  const double libtorch_ms = median(times.libtorch);
  const std::string backend = w8.backend().name;
  const double peak = integer_peak(backend, 8).gmacs;

  print_layers("Whole network, 8 bits", w8);
  print_layers("Whole network, 2 bits", w2);
  if (pruned) print_layers("Pruned network, 8 bits", *pruned);

  fmt::print("\nBatch 1, one thread, back end {}, median of {} rounds\n{:<44} {:>8} {:>8} {:>9}\n",
             backend, kRounds, "", "ms", "GMAC/s", "of peak");
  print_row("whole network, weights of 8 bits", w8_ms, w8.macs(), 8, backend);
  print_row("whole network, weights of 2 bits", w2_ms, w2.macs(), 2, backend);
  const double built_in_ms = median(times.built_in);
  print_row("models/person.cmcu", built_in_ms, built_in.macs(), 2, backend);
  nlohmann::ordered_json line = {{"backend", backend},
                                 {"macs", w8.macs()},
                                 {"milliseconds_w8", w8_ms},
                                 {"milliseconds_w2", w2_ms},
                                 {"milliseconds_built_in_w2", built_in_ms},
                                 {"milliseconds_pruned_w8", nullptr}};
  if (pruned) {
    const double pruned_ms = median(times.pruned);
    print_row("pruned network, weights of 8 bits", pruned_ms, pruned->macs(), 8, backend);
    line["milliseconds_pruned_w8"] = pruned_ms;
  }
  fmt::print("{:<44} {:>8.3f} {:>8.1f}\n", "whole network, libtorch fp32", libtorch_ms,
             w8.macs() / libtorch_ms / 1e6);
  fmt::print("Ratio to libtorch: {:.3f}. Goal on a core with AVX-512 VNNI: {} ms.\n",
             w8_ms / libtorch_ms, kGoalMilliseconds);
  line["libtorch_fp32_milliseconds"] = libtorch_ms;
  line["ratio_to_libtorch_fp32"] = w8_ms / libtorch_ms;
  line["peak_gmacs"] = peak;
  line["share_of_peak"] = peak > 0 ? w8.macs() / w8_ms / 1e6 / peak : 0.0;
  fmt::print("{}\n", line.dump());
}

}  // namespace coco_mcu
