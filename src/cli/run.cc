#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/dequantize.h"
#include "cli/embedded_model.h"
#include "cli/network_options.h"
#include "cli/output.h"
#include "cli/picture_input.h"
#include "dataset/image.h"
#include "engine/arena.h"
#include "engine/engine.h"
#include "engine/tensor_observer.h"
#include "model/model_file.h"
#include "training/float_network.h"

namespace coco_mcu::cli {
namespace {

struct Options {
  NetworkOptions network;
  bool raw = false;
  bool json = false;
  std::vector<std::string> tensors;
  std::vector<std::string> files;
};

/// A network of either kind as this command uses it.
struct Runnable {
  core::Preprocessing preprocessing;
  int channels = 3;  // of a raw input file
  std::vector<std::string> labels;
  /// What the network makes of one picture: its "output" and, if some were asked for, "tensors".
  std::function<Json(std::span<const std::uint8_t>)> run;
  /// The same of a raw input file.
  std::function<Json(std::span<const std::uint8_t>)> run_raw;
};

/// The bytes of a raw input file, which must be exactly one picture of the input size.
std::vector<std::uint8_t> read_raw(const std::string& path, const Runnable& network) {
  const core::Preprocessing& expected = network.preprocessing;
  const auto size = static_cast<std::size_t>(expected.height) * expected.width * network.channels;
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error(fmt::format("{}: cannot be opened; is the name right?", path));
  // One byte more than needed tells a file that is too long.
  std::vector<std::uint8_t> bytes(size + 1);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto got = static_cast<std::size_t>(file.gcount());
  if (got != size) {
    throw std::runtime_error(fmt::format(
        "{}: holds {} {} bytes, the network reads {} ({}x{}x{} {}bytes); resize the picture first",
        path, got > size ? "more than" : "only", got > size ? size : got, size, expected.height,
        expected.width, network.channels, network.channels == 3 ? "RGB " : ""));
  }
  bytes.pop_back();
  return bytes;
}

Json shape_of(int height, int width, int channels) {
  return Json::array({height, width, channels});
}

Runnable float_runnable(const Options& options) {
  const std::shared_ptr<const training::FloatNetwork> network =
      training::open_float_network(options.network.checkpoint);
  const auto run = [network, names = options.tensors](std::span<const std::uint8_t> picture) {
    Json result = {{"output", network->infer(picture)}};
    if (names.empty()) return result;
    const auto tensors = network->outputs(picture, names);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const network::Shape& shape = tensors[i].shape;
      result["tensors"].push_back({{"name", names[i]},
                                   {"shape", shape_of(shape.height, shape.width, shape.channels)},
                                   {"values", tensors[i].values}});
    }
    return result;
  };
  return {.preprocessing = network->preprocessing(),
          .labels = network->description().labels,
          .run = run,
          .run_raw = run};
}

/// Keeps the tensors of the layers that are asked for.
class TensorCollector final : public engine::TensorObserver {
 public:
  TensorCollector(const model::View& model, std::span<const std::string> names)
      : TensorObserver(model), names_(names), tensors_(names.size()) {}

  void on_tensor(int layer, const std::uint8_t* tensor) override {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == model().layer_name(layer)) tensors_[i] = to_json(layer, tensor);
    }
  }

  /// In the order of the names. Throws where the model has no layer of a name.
  Json tensors() const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!tensors_[i].is_null()) continue;
      throw std::runtime_error(
          fmt::format("--tensor {}: network {} has no such layer; coco-mcu inspect names them",
                      names_[i], model().network()));
    }
    return tensors_;
  }

 private:
  Json to_json(int index, const std::uint8_t* tensor) const {
    const model::OperatorView layer = model().layer(index);
    const std::vector<std::int32_t> codes = codes_of(layer, tensor);
    std::vector<double> values;
    for (const std::int32_t code : codes) values.push_back(real_value(layer, code));
    return {{"name", layer.name},
            {"shape", shape_of(layer.height, layer.width, layer.channels)},
            {"codes", codes},
            {"values", values}};
  }

  std::span<const std::string> names_;
  std::vector<Json> tensors_;
};

/// Probabilities as TensorFlow Lite's softmax has them: in units of 1/256, from -128 on.
std::vector<int> int8_probabilities(const model::View& model, const engine::Engine& engine) {
  constexpr int kUnit = model::kProbabilityOne / 256;
  std::vector<int> output;
  for (int i = 0; i < model.label_count(); ++i) {
    const int rounded = (engine.probabilities()[i] + kUnit / 2) / kUnit;
    output.push_back(std::min(rounded, 255) - 128);
  }
  return output;
}

Runnable integer_runnable(const Options& options) {
  const kernels::Backend& backend = backend_named(options.network.backend);
  const auto file = std::make_shared<model::ModelFile>(open_model(options.network.model));
  const model::View model = file->view();
  const auto arena = std::make_shared<engine::Arena>(engine::arena_bytes(model, backend));
  Runnable runnable;
  runnable.preprocessing = model.preprocessing();
  for (int i = 0; i < model.label_count(); ++i) runnable.labels.emplace_back(model.label(i));
  runnable.channels = model.layer(0).channels;
  const auto finish = [file, names = options.tensors](engine::Engine& engine,
                                                      const std::uint8_t* input) {
    TensorCollector collector(file->view(), names);
    engine.run(input, &collector);
    std::vector<double> output;
    for (int i = 0; i < file->view().label_count(); ++i) {
      output.push_back(static_cast<double>(engine.probabilities()[i]) / model::kProbabilityOne);
    }
    Json result = {{"output", output}};
    if (!names.empty()) result["tensors"] = collector.tensors();
    return result;
  };
  runnable.run = [file, arena, &backend, finish](std::span<const std::uint8_t> picture) {
    engine::Engine engine(file->view(), backend, arena->data());
    std::vector<std::uint8_t> working;
    return finish(engine, input_of(picture, file->view(), working));
  };
  runnable.run_raw = [file, arena, &backend, finish](std::span<const std::uint8_t> tensor) {
    engine::Engine engine(file->view(), backend, arena->data());
    const bool is_int8 = file->view().interface() == model::Interface::kTensorflowLite;
    const std::uint8_t flipped = is_int8 ? 0x80 : 0;  // int8 + 128
    std::vector<std::uint8_t> input(tensor.begin(), tensor.end());
    for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(byte ^ flipped);
    Json result = finish(engine, input.data());
    if (is_int8) result["output"] = int8_probabilities(file->view(), engine);
    return result;
  };
  return runnable;
}

/// "no person 0.25  person 0.75"
std::string output_text(const std::vector<std::string>& labels, const Json& output) {
  std::string text;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    text += fmt::format("{} {}  ", labels[i], output[i].get<float>());
  }
  return text;
}

void run(const Options& options) {
  check(options.network);
  if (!options.tensors.empty() && !options.json) {
    throw UsageError("--tensor: prints thousands of numbers; add --json");
  }
  const Runnable network =
      options.network.is_model() ? integer_runnable(options) : float_runnable(options);
  for (const std::string& file : options.files) {
    const Json result =
        options.raw
            ? network.run_raw(read_raw(file, network))
            : network.run(dataset::prepare(dataset::read_image(file), network.preprocessing).rgb);
    if (options.json) {
      Json line = {{"file", file}};
      line.update(result);
      print_json_line(line);
    } else {
      print_line(output_text(network.labels, result["output"]) + file);
    }
  }
}

}  // namespace

void add_run(CommandLine& program) {
  Command command =
      program.command("run", "Feed pixels to a network and print its raw output, for checks");
  auto options = std::make_shared<Options>();
  add_network_options(command, options->network);
  command.flag("--raw", options->raw,
               "Files hold RGB bytes of the input size (height x width x 3), not pictures; of an "
               "imported model int8 tensors, and int8 is what it prints");
  command.flag("--json", options->json, "Print one JSON object per file: file, output, tensors");
  command.texts("--tensor", options->tensors,
                "Print what this layer computes, too: its values and, of an integer model, its "
                "codes; may be repeated");
  command.required_texts("FILE", options->files, "Input files");
  command.example("  coco-mcu run --model model.cmcu --raw --json pixels.bin");
  command.action([options] { run(*options); });
}

}  // namespace coco_mcu::cli
