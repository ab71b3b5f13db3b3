// The fields of a recipe: each stated once, with where its value goes, what it may be and what it
// means. docs/recipes.md lists them; recipe_test.cc holds that page against this table.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "training/recipe.h"

namespace coco_mcu::training {

/// A value as a recipe's file gives it; nothing where it is of a type that no field has.
using FieldValue = std::variant<std::monostate, bool, std::int64_t, double, std::string,
                                std::vector<double>, std::map<std::string, std::string>>;

/// Why a field does not take a value, and what to do: "reason; remedy".
class FieldRefusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One field of the table whose values `Owner` holds.
template <typename Owner>
struct Field {
  std::string name;
  std::string range;  // for people: "above 0", "adam, adamw or sgd"
  std::string meaning;
  std::function<void(Owner&, const FieldValue&)> set;  // throws FieldRefusal
  std::function<std::string(const Owner&)> show;       // as a recipe would say it
};

/// There is one for each of the types in kRecipeTables' comment.
template <typename Owner>
const std::vector<Field<Owner>>& fields_of();

template <>
const std::vector<Field<Recipe>>& fields_of();
template <>
const std::vector<Field<Stage>>& fields_of();
template <>
const std::vector<Field<core::Preprocessing>>& fields_of();
template <>
const std::vector<Field<dataset::Augmentation>>& fields_of();
template <>
const std::vector<Field<OptimizerOptions>>& fields_of();
template <>
const std::vector<Field<Schedule>>& fields_of();
template <>
const std::vector<Field<QuantizationOptions>>& fields_of();
template <>
const std::vector<Field<DistillationOptions>>& fields_of();
template <>
const std::vector<Field<BatchNormOptions>>& fields_of();

/// What docs/recipes.md says about a field.
struct FieldDescription {
  std::string table;  // "optimizer"; empty for the fields that stand before all tables
  std::string name;
  std::string meaning;
  std::string initial;  // what it is where the recipe does not say it
  std::string range;
};

/// All fields, in the order in which people should read them.
std::vector<FieldDescription> recipe_fields();

}  // namespace coco_mcu::training
