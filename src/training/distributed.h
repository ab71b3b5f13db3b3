// One training on several processes and machines, under the environment that torchrun sets: RANK,
// WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT. Without them there is one process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "training/libtorch.h"

namespace coco_mcu::training {

class Processes {
 public:
  /// Meets the others. Throws std::runtime_error where the environment is incomplete or they do
  /// not come.
  static Processes from_environment();
  /// Meets the others at a file that all of them see: for tests.
  static Processes at_file(const std::string& file, int rank, int count);

  /// This process alone.
  Processes();
  ~Processes();
  Processes(Processes&& other) noexcept;
  Processes& operator=(Processes&& other) noexcept;
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  int rank() const { return rank_; }
  int count() const { return count_; }
  int on_this_machine() const { return on_this_machine_; }
  bool is_first() const { return rank_ == 0; }

  /// Adds a tensor up over all processes, in place; all get the same bits.
  void sum(torch::Tensor& tensor) const;
  /// The largest of each element, likewise.
  void largest(torch::Tensor& tensor) const;
  /// The same as functions; empty for one process.
  std::function<void(torch::Tensor&)> summing() const;
  std::function<void(torch::Tensor&)> taking_largest() const;
  /// Sums the gradients of these parameters and the numbers beside them in one flat buffer; a
  /// gradient that a process lacks counts as zeros.
  void sum_gradients(const std::vector<torch::Tensor>& parameters,
                     std::vector<double>& numbers) const;
  /// What process 0 gives, everywhere.
  std::vector<std::uint8_t> broadcast(std::vector<std::uint8_t> bytes) const;

 private:
  struct Group;
  void reduce(torch::Tensor& tensor, bool takes_largest) const;

  std::unique_ptr<Group> group_;
  int rank_ = 0;
  int count_ = 1;
  int on_this_machine_ = 1;
};

}  // namespace coco_mcu::training
