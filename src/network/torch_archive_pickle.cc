#include "network/torch_archive_pickle.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "network/torch_archive_pickle_opcodes.h"

namespace coco_mcu::network {
namespace {

/// Values live in one list and refer to each other by index: nothing is copied when a pickle
/// recalls a value many times, so a small file cannot unfold into a large one.
using ValueId = std::size_t;

struct Text {
  std::string utf8;
};
struct Global {
  std::string name;  // module.name
};
struct Tuple {
  std::vector<ValueId> items;
};
struct Dict {
  std::vector<std::pair<ValueId, ValueId>> items;
};
struct Storage {
  std::string key;
  std::int64_t elements = 0;
};
using Value = std::variant<std::monostate, bool, std::int64_t, Text, Global, Tuple, Dict, Storage,
                           TensorRecord>;

constexpr const char* kKinds[] = {"None",    "a bool", "an integer", "a string", "a Python name",
                                  "a tuple", "a dict", "a storage",  "a tensor"};
static_assert(std::size(kKinds) == std::variant_size_v<Value>);

class Machine {
 public:
  Machine(std::span<const std::uint8_t> pickle, std::string_view file)
      : pickle_(pickle), file_(file) {}

  /// Runs the pickle; its one result must be a dict of tensors.
  std::vector<TensorRecord> run();

 private:
  void step(Opcode opcode);
  void step_number(Opcode opcode);
  void make_tuple(std::size_t size);
  void set_items(std::size_t first);
  void global();
  void call();
  void load_storage();
  TensorRecord rebuild_tensor(const Tuple& arguments);
  std::vector<std::int64_t> integers(ValueId tuple);
  std::vector<TensorRecord> tensors_of(const Dict& dict);

  std::span<const std::uint8_t> take(std::size_t count);
  std::uint64_t unsigned_number(std::size_t bytes);
  std::int64_t signed_number(std::size_t bytes);
  std::string line();

  ValueId push(Value value);
  ValueId pop();
  std::size_t pop_mark();
  void remember(std::uint64_t key) { memo_[key] = top(); }
  void recall(std::uint64_t key);
  ValueId top();
  template <typename Kind>
  Kind& as(ValueId id);

  std::string current_name() const;
  [[noreturn]] void fail(std::string_view reason) const;

  std::span<const std::uint8_t> pickle_;
  std::string_view file_;
  std::size_t position_ = 0;
  std::vector<Value> values_;
  std::vector<ValueId> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::unordered_map<std::uint64_t, ValueId> memo_;
};

void Machine::fail(std::string_view reason) const {
  throw std::runtime_error(fmt::format("{}: {}", file_, reason));
}

std::span<const std::uint8_t> Machine::take(std::size_t count) {
  if (count > pickle_.size() - position_) fail("its pickle ends too early; save it again");
  position_ += count;
  return pickle_.subspan(position_ - count, count);
}

std::uint64_t Machine::unsigned_number(std::size_t bytes) {
  std::uint64_t number = 0;
  int shift = 0;
  for (const std::uint8_t byte : take(bytes)) {
    number |= std::uint64_t{byte} << shift;
    shift += 8;
  }
  return number;
}

std::int64_t Machine::signed_number(std::size_t bytes) {
  if (bytes == 0) return 0;
  if (bytes > 8) fail("its pickle holds an integer of more than 64 bits");
  const std::uint64_t number = unsigned_number(bytes);
  const int unused = 64 - 8 * static_cast<int>(bytes);
  return static_cast<std::int64_t>(number << unused) >> unused;
}

std::string Machine::line() {
  const auto rest = pickle_.subspan(position_);
  const auto length = std::ranges::find(rest, '\n') - rest.begin();
  const auto text = take(static_cast<std::size_t>(length) + 1);
  return {text.begin(), text.end() - 1};
}

ValueId Machine::push(Value value) {
  values_.push_back(std::move(value));
  stack_.push_back(values_.size() - 1);
  return values_.size() - 1;
}

ValueId Machine::top() {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) fail("its pickle is damaged (nothing on the stack)");
  return stack_.back();
}

ValueId Machine::pop() {
  const ValueId id = top();
  stack_.pop_back();
  return id;
}

std::size_t Machine::pop_mark() {
  if (marks_.empty()) fail("its pickle is damaged (no mark)");
  const std::size_t mark = marks_.back();
  marks_.pop_back();
  return mark;
}

void Machine::recall(std::uint64_t key) {
  const auto known = memo_.find(key);
  if (known == memo_.end()) fail("its pickle is damaged (recalls what it never stored)");
  stack_.push_back(known->second);
}

template <typename Kind>
Kind& Machine::as(ValueId id) {
  Value& value = values_[id];
  if (auto* wanted = std::get_if<Kind>(&value)) return *wanted;
  const std::size_t expected = Value(Kind{}).index();
  fail(fmt::format("{}holds {} where a state dict has {}; save model.state_dict() alone",
                   current_name(), kKinds[value.index()], kKinds[expected]));
}

/// "tensor NAME " while the value of a dict's key is being built. A key stands on the stack behind
/// the dict or behind the tensor before it; no other string does.
std::string Machine::current_name() const {
  for (std::size_t at = stack_.size(); at-- > 1;) {
    const auto* const name = std::get_if<Text>(&values_[stack_[at]]);
    const Value& before = values_[stack_[at - 1]];
    if (name != nullptr &&
        (std::holds_alternative<Dict>(before) || std::holds_alternative<TensorRecord>(before))) {
      return fmt::format("tensor {} ", name->utf8);
    }
  }
  return "";
}

std::vector<TensorRecord> Machine::run() {
  if (take(1)[0] != static_cast<std::uint8_t>(Opcode::kProto) || take(1)[0] != kPickleProtocol) {
    fail("its pickle is not of protocol 2; save it with torch.save's default protocol");
  }
  for (;;) {
    const auto opcode = Opcode{take(1)[0]};
    if (opcode == Opcode::kStop) break;
    step(opcode);
  }
  const ValueId result = pop();
  if (!stack_.empty() || !marks_.empty() || position_ != pickle_.size()) {
    fail("its pickle is damaged (something is left over)");
  }
  return tensors_of(as<Dict>(result));
}

void Machine::step(Opcode opcode) {
  switch (opcode) {
    case Opcode::kMark:
      return marks_.push_back(stack_.size());
    case Opcode::kNone:
      return static_cast<void>(push(std::monostate{}));
    case Opcode::kNewTrue:
    case Opcode::kNewFalse:
      return static_cast<void>(push(opcode == Opcode::kNewTrue));
    case Opcode::kBinUnicode: {
      const auto text = take(unsigned_number(4));
      return static_cast<void>(push(Text{{text.begin(), text.end()}}));
    }
    case Opcode::kEmptyTuple:
      return make_tuple(0);
    case Opcode::kTuple1:
      return make_tuple(1);
    case Opcode::kTuple2:
      return make_tuple(2);
    case Opcode::kTuple3:
      return make_tuple(3);
    case Opcode::kTuple:
      return make_tuple(stack_.size() - pop_mark());
    case Opcode::kEmptyDict:
      return static_cast<void>(push(Dict{}));
    case Opcode::kSetItem:
      return set_items(stack_.size() - std::min<std::size_t>(stack_.size(), 2));
    case Opcode::kSetItems:
      return set_items(pop_mark());
    case Opcode::kGlobal:
      return global();
    case Opcode::kReduce:
      return call();
    case Opcode::kBuild:
      pop();  // attributes, such as a state dict's _metadata, say nothing about the tensors
      return static_cast<void>(as<Dict>(top()));
    case Opcode::kBinPersId:
      return load_storage();
    case Opcode::kBinPut:
      return remember(unsigned_number(1));
    case Opcode::kLongBinPut:
      return remember(unsigned_number(4));
    case Opcode::kBinGet:
      return recall(unsigned_number(1));
    case Opcode::kLongBinGet:
      return recall(unsigned_number(4));
    default:
      return step_number(opcode);
  }
}

void Machine::step_number(Opcode opcode) {
  switch (opcode) {
    case Opcode::kBinInt:
      return static_cast<void>(push(signed_number(4)));
    case Opcode::kBinInt1:
      return static_cast<void>(push(static_cast<std::int64_t>(unsigned_number(1))));
    case Opcode::kBinInt2:
      return static_cast<void>(push(static_cast<std::int64_t>(unsigned_number(2))));
    case Opcode::kLong1:
      return static_cast<void>(push(signed_number(unsigned_number(1))));
    default:
      fail(
          fmt::format("{}uses pickle opcode 0x{:02x}, which a dict of tensors has no need of; save "
                      "model.state_dict() alone",
                      current_name(), static_cast<unsigned>(opcode)));
  }
}

void Machine::make_tuple(std::size_t size) {
  Tuple tuple;
  for (std::size_t i = 0; i < size; ++i) tuple.items.push_back(pop());
  std::ranges::reverse(tuple.items);
  push(std::move(tuple));
}

/// Pairs of key and value above height `first` of the stack go into the dict below them.
void Machine::set_items(std::size_t first) {
  if (first > stack_.size() || (stack_.size() - first) % 2 != 0) {
    fail("its pickle is damaged (a dict with a key and no value)");
  }
  const std::vector<ValueId> pairs(stack_.begin() + static_cast<std::ptrdiff_t>(first),
                                   stack_.end());
  stack_.resize(first);
  Dict& dict = as<Dict>(top());
  for (std::size_t i = 0; i < pairs.size(); i += 2) dict.items.emplace_back(pairs[i], pairs[i + 1]);
}

void Machine::global() {
  const std::string module = line();
  const std::string name = module + "." + line();
  // A storage of another type is told apart later, where the name of the tensor is known.
  const bool storage = module == "torch" && name.ends_with("Storage");
  if (name != kRebuildTensor && name != kOrderedDict && !storage) {
    fail(
        fmt::format("{}needs {}, which is never run here; save plain float32 tensors, such as "
                    "{{k: v.detach().float().contiguous() for k, v in model.state_dict().items()}}",
                    current_name(), name));
  }
  push(Global{name});
}

void Machine::call() {
  const ValueId arguments = pop();
  const std::string& callee = as<Global>(pop()).name;
  if (callee == kRebuildTensor) {
    push(rebuild_tensor(as<Tuple>(arguments)));
  } else if (callee == kOrderedDict && as<Tuple>(arguments).items.empty()) {
    push(Dict{});
  } else {
    fail(fmt::format("{}calls {}, which is never run here; save model.state_dict() alone",
                     current_name(), callee));
  }
}

/// ('storage', torch.FloatStorage, key, device, elements) becomes the storage itself.
void Machine::load_storage() {
  constexpr std::size_t kLongestKey = 20;  // torch numbers its storages
  const std::vector<ValueId>& id = as<Tuple>(pop()).items;
  if (id.size() != 5 || as<Text>(id[0]).utf8 != "storage") {
    fail("its pickle refers to something that is no storage; save model.state_dict() alone");
  }
  const std::string& type = as<Global>(id[1]).name;
  if (type != kFloatStorage) {
    fail(fmt::format("{}is a {}; only float32 is read: convert it with .float() or leave it out",
                     current_name(), type));
  }
  const std::string& key = as<Text>(id[2]).utf8;
  if (key.size() > kLongestKey) fail("its pickle is damaged (the key of a storage)");
  push(Storage{key, as<std::int64_t>(id[4])});
}

/// (storage, offset, shape, stride, requires_grad, backward_hooks)
TensorRecord Machine::rebuild_tensor(const Tuple& arguments) {
  const std::vector<ValueId>& items = arguments.items;
  if (items.size() != 6) {
    fail(fmt::format("{}is rebuilt from {} values instead of 6; save it with torch.save",
                     current_name(), items.size()));
  }
  const Storage& storage = as<Storage>(items[0]);
  TensorRecord tensor;
  tensor.storage = storage.key;
  tensor.storage_elements = storage.elements;
  tensor.offset = as<std::int64_t>(items[1]);
  tensor.shape = integers(items[2]);
  tensor.stride = integers(items[3]);
  if (tensor.shape.size() != tensor.stride.size()) {
    fail(fmt::format("{}has {} dimensions but {} strides", current_name(), tensor.shape.size(),
                     tensor.stride.size()));
  }
  return tensor;
}

std::vector<std::int64_t> Machine::integers(ValueId tuple) {
  constexpr std::size_t kMostDimensions = 16;
  const Tuple& items = as<Tuple>(tuple);
  if (items.items.size() > kMostDimensions) {
    fail(fmt::format("{}has more than {} dimensions", current_name(), kMostDimensions));
  }
  std::vector<std::int64_t> numbers;
  for (const ValueId item : items.items) numbers.push_back(as<std::int64_t>(item));
  return numbers;
}

std::vector<TensorRecord> Machine::tensors_of(const Dict& dict) {
  std::vector<TensorRecord> tensors;
  std::unordered_set<std::string> names;
  for (const auto& [key, value] : dict.items) {
    const std::string& name = as<Text>(key).utf8;
    if (!names.insert(name).second) fail(fmt::format("has tensor {} twice", name));
    if (!std::holds_alternative<TensorRecord>(values_[value])) {
      fail(fmt::format("entry {} is {}, not a tensor; save model.state_dict() alone", name,
                       kKinds[values_[value].index()]));
    }
    tensors.push_back(std::get<TensorRecord>(values_[value]));
    tensors.back().name = name;
  }
  return tensors;
}

}  // namespace

std::vector<TensorRecord> read_state_dict(std::span<const std::uint8_t> pickle,
                                          std::string_view file) {
  return Machine(pickle, file).run();
}

}  // namespace coco_mcu::network
