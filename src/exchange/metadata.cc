#include "exchange/metadata.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "exchange/refusal.h"

namespace coco_mcu::exchange {
namespace {

constexpr const char* kBilinear = "bilinear";
constexpr const char* kLegacyBilinear = "legacy_bilinear";
constexpr std::size_t kTableCodes = 256;

std::vector<std::string> parts(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    found.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return found;
}

class Reader {
 public:
  Reader(const Metadata& from, std::string_view file) : from_(from), file_(file) {}

  [[noreturn]] void refuse(const char* key) const {
    fail(file_, fmt::format("its metadata {} is not as export writes it; export it again", key));
  }

  const std::string& text(const char* key) const {
    const auto found = from_.find(key);
    if (found == from_.end()) refuse(key);
    return found->second;
  }

  /// `count` numbers, all of them finite.
  std::vector<float> numbers(const char* key, std::size_t count) const {
    std::vector<float> found;
    for (const std::string& part : parts(text(key))) {
      float number = 0.0F;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
      const bool is_number =
          error == std::errc() && end == part.data() + part.size() && std::isfinite(number);
      if (!is_number) refuse(key);
      found.push_back(number);
    }
    if (found.size() != count) refuse(key);
    return found;
  }

 private:
  const Metadata& from_;
  std::string_view file_;
};

}  // namespace

Metadata metadata_of(const model::IntegerModel& model) {
  const core::Preprocessing& from = model.preprocessing;
  return {{"labels", fmt::format("{}", fmt::join(model.labels, ","))},
          {"decision_label", model.labels[static_cast<std::size_t>(model.decision_label)]},
          {"threshold", fmt::format("{}", model.threshold / double{model::kProbabilityOne})},
          {"resize", from.resize == core::Resize::kBilinear ? kBilinear : kLegacyBilinear},
          {"mean", fmt::format("{}", fmt::join(from.mean, ","))},
          {"deviation", fmt::format("{}", fmt::join(from.deviation, ","))}};
}

void add_input_codes(const model::IntegerModel& model, Metadata& metadata) {
  if (model.interface != model::Interface::kPixels) return;
  std::string& codes = metadata[kInputCodes];
  for (const auto& table : model.input_tables) codes.append(table.begin(), table.end());
}

void take_metadata(const Metadata& metadata, std::string_view file, model::IntegerModel& made) {
  if (!metadata.contains(kInputCodes)) return;
  const Reader from(metadata, file);
  const std::string& codes = from.text(kInputCodes);
  if (codes.size() != made.input_tables.size() * kTableCodes) from.refuse(kInputCodes);
  for (std::size_t c = 0; c < made.input_tables.size(); ++c) {
    std::copy_n(codes.begin() + static_cast<std::ptrdiff_t>(c * kTableCodes), kTableCodes,
                made.input_tables[c].begin());
  }
  made.interface = model::Interface::kPixels;
  made.labels = parts(from.text("labels"));
  const auto label = std::ranges::find(made.labels, from.text("decision_label"));
  if (label == made.labels.end()) from.refuse("decision_label");
  made.decision_label = static_cast<int>(label - made.labels.begin());
  const float threshold = from.numbers("threshold", 1)[0];
  if (threshold < 0.0F || threshold > 1.0F) from.refuse("threshold");
  made.threshold = static_cast<int>(std::lround(threshold * model::kProbabilityOne));
  const std::string& resize = from.text("resize");
  if (resize != kBilinear && resize != kLegacyBilinear) from.refuse("resize");
  made.preprocessing.resize =
      resize == kBilinear ? core::Resize::kBilinear : core::Resize::kLegacyBilinear;
  std::ranges::copy(from.numbers("mean", 3), made.preprocessing.mean);
  const std::vector<float> deviation = from.numbers("deviation", 3);
  if (std::ranges::min(deviation) <= 0.0F) from.refuse("deviation");
  std::ranges::copy(deviation, made.preprocessing.deviation);
}

}  // namespace coco_mcu::exchange
