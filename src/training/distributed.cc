#include "training/distributed.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

namespace coco_mcu::training {
namespace {

/// An integer of the environment; `otherwise` where the variable is not set.
int environment_number(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != 0 || value < 0 || value > 1'000'000) {
    throw std::runtime_error(
        fmt::format("environment: {} is \"{}\", not a number; start with torchrun", name, text));
  }
  return static_cast<int>(value);
}

}  // namespace

#ifdef USE_C10D_GLOO

struct Processes::Group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
};

namespace {

/// Process 0 validates while the others wait: longer than that takes.
constexpr std::chrono::hours kTimeout(24);
constexpr std::chrono::seconds kMeetingTimeout(300);

c10::intrusive_ptr<c10d::ProcessGroupGloo> meet(const c10::intrusive_ptr<c10d::Store>& store,
                                                int rank, int count, bool is_local) {
  const auto options = c10d::ProcessGroupGloo::Options::create();
  options->timeout = kTimeout;
  options->devices.push_back(is_local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                      : c10d::ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, count, options);
}

}  // namespace

Processes Processes::from_environment() {
  Processes processes;
  processes.count_ = environment_number("WORLD_SIZE", 1);
  processes.rank_ = environment_number("RANK", 0);
  processes.on_this_machine_ = environment_number("LOCAL_WORLD_SIZE", processes.count_);
  if (processes.count_ <= 1) return {};
  const char* address = std::getenv("MASTER_ADDR");
  const int port = environment_number("MASTER_PORT", 0);
  if (address == nullptr || port == 0 || processes.rank_ >= processes.count_) {
    throw std::runtime_error(
        "environment: WORLD_SIZE is set, but RANK, MASTER_ADDR or MASTER_PORT is missing or out of "
        "range; start with torchrun");
  }
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(port);
    options.isServer = processes.rank_ == 0;
    options.numWorkers = processes.count_;
    options.timeout = kMeetingTimeout;
    const auto store = c10::make_intrusive<c10d::TCPStore>(address, options);
    const bool is_local = processes.on_this_machine_ == processes.count_;
    processes.group_ =
        std::make_unique<Group>(Group{meet(store, processes.rank_, processes.count_, is_local)});
  } catch (const c10::Error& error) {
    throw std::runtime_error(
        fmt::format("{}:{}: the {} processes did not meet ({}); are all of them started and the "
                    "port free?",
                    address, port, processes.count_, error.what_without_backtrace()));
  }
  return processes;
}

Processes Processes::at_file(const std::string& file, int rank, int count) {
  Processes processes;
  processes.count_ = count;
  processes.rank_ = rank;
  processes.on_this_machine_ = count;
  const auto store = c10::make_intrusive<c10d::FileStore>(file, count);
  processes.group_ = std::make_unique<Group>(Group{meet(store, rank, count, /*is_local=*/true)});
  return processes;
}

void Processes::reduce(torch::Tensor& tensor, bool takes_largest) const {
  if (count_ == 1) return;
  const torch::NoGradGuard no_grad;
  c10d::AllreduceOptions options;
  options.reduceOp = takes_largest ? c10d::ReduceOp::MAX : c10d::ReduceOp::SUM;
  std::vector<torch::Tensor> tensors = {tensor.detach().to(torch::kCPU).contiguous()};
  group_->gloo->allreduce(tensors, options)->wait();
  tensor.copy_(tensors[0]);
}

std::vector<std::uint8_t> Processes::broadcast(std::vector<std::uint8_t> bytes) const {
  if (count_ == 1) return bytes;
  std::vector<torch::Tensor> size = {torch::tensor({static_cast<std::int64_t>(bytes.size())})};
  group_->gloo->broadcast(size)->wait();
  bytes.resize(static_cast<std::size_t>(size[0].item<std::int64_t>()));
  if (bytes.empty()) return bytes;
  std::vector<torch::Tensor> content = {
      torch::from_blob(bytes.data(), {static_cast<std::int64_t>(bytes.size())}, torch::kUInt8)};
  group_->gloo->broadcast(content)->wait();
  return bytes;
}

#else  // a libtorch that was built without Gloo

struct Processes::Group {};

Processes Processes::from_environment() {
  if (environment_number("WORLD_SIZE", 1) > 1) {
    throw std::runtime_error(
        "environment: WORLD_SIZE asks for several processes, and this libtorch was built without "
        "Gloo; train with one process, or build against another libtorch");
  }
  return {};
}

Processes Processes::at_file(const std::string& /*file*/, int /*rank*/, int /*count*/) {
  throw std::runtime_error("this libtorch was built without Gloo");
}

void Processes::reduce(torch::Tensor& /*tensor*/, bool /*takes_largest*/) const {}

std::vector<std::uint8_t> Processes::broadcast(std::vector<std::uint8_t> bytes) const {
  return bytes;
}

#endif

Processes::Processes() = default;
Processes::~Processes() = default;
Processes::Processes(Processes&& other) noexcept = default;
Processes& Processes::operator=(Processes&& other) noexcept = default;

void Processes::sum(torch::Tensor& tensor) const {
  reduce(tensor, /*takes_largest=*/false);
}

void Processes::largest(torch::Tensor& tensor) const {
  reduce(tensor, /*takes_largest=*/true);
}

std::function<void(torch::Tensor&)> Processes::summing() const {
  if (count_ == 1) return {};
  return [this](torch::Tensor& tensor) { sum(tensor); };
}

std::function<void(torch::Tensor&)> Processes::taking_largest() const {
  if (count_ == 1) return {};
  return [this](torch::Tensor& tensor) { largest(tensor); };
}

void Processes::sum_gradients(const std::vector<torch::Tensor>& parameters,
                              std::vector<double>& numbers) const {
  if (count_ == 1) return;
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> parts;
  parts.reserve(parameters.size());
  for (const torch::Tensor& parameter : parameters) {
    const torch::Tensor& gradient = parameter.grad();
    parts.push_back((gradient.defined() ? gradient : torch::zeros_like(parameter)).flatten());
  }
  torch::Tensor flat = torch::cat(parts);
  sum(flat);
  std::int64_t begin = 0;
  for (const torch::Tensor& parameter : parameters) {
    const std::int64_t count = parameter.numel();
    torch::Tensor summed = flat.slice(0, begin, begin + count).view(parameter.sizes());
    parameter.mutable_grad() = summed.to(parameter.device()).clone();
    begin += count;
  }
  torch::Tensor summed = torch::tensor(numbers, torch::kDouble);
  sum(summed);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = summed[static_cast<std::int64_t>(i)].item<double>();
  }
}

}  // namespace coco_mcu::training
