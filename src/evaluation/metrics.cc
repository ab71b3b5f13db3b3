#include "evaluation/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>

namespace coco_mcu::evaluation {
namespace {

void check(std::span<const Prediction> predictions) {
  if (predictions.empty()) {
    throw std::invalid_argument("no predictions to evaluate; give at least one photograph");
  }
  for (const Prediction& prediction : predictions) {
    const double p = prediction.person_probability;
    if (!(p >= 0.0 && p <= 1.0)) {
      throw std::invalid_argument(fmt::format(
          "{}: the probability of a person is {}, not a number from 0 to 1; check the decider",
          prediction.name, p));
    }
  }
}

void check_threshold(double threshold) {
  if (std::isnan(threshold)) {
    throw std::invalid_argument("the threshold is not a number; give one from 0 to 1");
  }
}

bool is_right(const Prediction& prediction, double threshold) {
  return decides_person(prediction.person_probability, threshold) == prediction.person;
}

double truth_probability(const Prediction& prediction) {
  const double p = prediction.person_probability;
  return prediction.person ? p : 1.0 - p;
}

Confusion count(std::span<const Prediction> predictions, double threshold) {
  Confusion confusion;
  for (const Prediction& prediction : predictions) {
    const bool right = is_right(prediction, threshold);
    if (prediction.person) {
      ++(right ? confusion.true_positives : confusion.false_negatives);
    } else {
      ++(right ? confusion.true_negatives : confusion.false_positives);
    }
  }
  return confusion;
}

double mean_cross_entropy(std::span<const Prediction> predictions) {
  double sum = 0.0;
  for (const Prediction& prediction : predictions) {
    sum -= std::log(std::clamp(truth_probability(prediction), kSmallestProbability,
                               1.0 - kSmallestProbability));
  }
  return sum / static_cast<double>(predictions.size());
}

std::optional<double> share(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

/// How many photographs of either class were given one probability.
struct Level {
  double probability = 0.0;
  std::int64_t persons = 0;
  std::int64_t others = 0;
};

/// In falling order of the probability.
std::vector<Level> levels(std::span<const Prediction> predictions) {
  std::vector<Level> sorted;
  sorted.reserve(predictions.size());
  for (const Prediction& prediction : predictions) {
    sorted.push_back(
        {prediction.person_probability, prediction.person ? 1 : 0, prediction.person ? 0 : 1});
  }
  std::ranges::sort(sorted, std::greater<>(), &Level::probability);
  std::vector<Level> merged;
  for (const Level& level : sorted) {
    if (merged.empty() || merged.back().probability != level.probability) {
      merged.push_back(level);
    } else {
      merged.back().persons += level.persons;
      merged.back().others += level.others;
    }
  }
  return merged;
}

/// Of all photographs: persons and others.
Level totals(std::span<const Prediction> predictions) {
  const std::int64_t persons = std::ranges::count(predictions, true, &Prediction::person);
  return {0.0, persons, std::ssize(predictions) - persons};
}

}  // namespace

Metrics evaluate(std::span<const Prediction> predictions, double threshold) {
  check(predictions);
  check_threshold(threshold);
  const Confusion confusion = count(predictions, threshold);
  const Level all = totals(predictions);
  Metrics metrics;
  metrics.threshold = threshold;
  metrics.confusion = confusion;
  metrics.accuracy =
      static_cast<double>(confusion.correct()) / static_cast<double>(confusion.total());
  metrics.accuracy_interval = wilson_interval(confusion.correct(), confusion.total());
  metrics.cross_entropy = mean_cross_entropy(predictions);
  metrics.true_positive_rate = share(confusion.true_positives, all.persons);
  metrics.true_negative_rate = share(confusion.true_negatives, all.others);
  metrics.area_under_roc = area_under_roc(predictions);
  if (metrics.area_under_roc) {
    metrics.area_interval = area_interval(*metrics.area_under_roc, all.persons, all.others);
  }
  return metrics;
}

Interval wilson_interval(std::int64_t successes, std::int64_t trials, double quantile) {
  if (trials <= 0 || successes < 0 || successes > trials) {
    throw std::invalid_argument(
        fmt::format("no interval for {} out of {}; the count must lie between 0 and a positive "
                    "number of trials",
                    successes, trials));
  }
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double z2 = quantile * quantile;
  const double centre = p + z2 / (2.0 * n);
  const double half = quantile * std::sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
  const double scale = 1.0 + z2 / n;
  return {std::max(0.0, (centre - half) / scale), std::min(1.0, (centre + half) / scale)};
}

std::optional<double> area_under_roc(std::span<const Prediction> predictions) {
  check(predictions);
  const Level all = totals(predictions);
  if (all.persons == 0 || all.others == 0) return std::nullopt;
  // Pairs (person, other) that are in the right order, counted in halves to stay whole.
  std::int64_t half_pairs = 0;
  std::int64_t others_below = all.others;
  for (const Level& level : levels(predictions)) {
    others_below -= level.others;
    half_pairs += level.persons * (2 * others_below + level.others);
  }
  return static_cast<double>(half_pairs) /
         (2.0 * static_cast<double>(all.persons) * static_cast<double>(all.others));
}

Interval area_interval(double area, std::int64_t persons, std::int64_t others, double quantile) {
  if (!(area >= 0.0 && area <= 1.0) || persons <= 0 || others <= 0) {
    throw std::invalid_argument(
        fmt::format("no interval for an area of {} from {} and {} photographs; give an area from 0 "
                    "to 1 and photographs of both classes",
                    area, persons, others));
  }
  const double square = area * area;
  const double two_persons = area / (2.0 - area) - square;
  const double two_others = 2.0 * square / (1.0 + area) - square;
  const auto m = static_cast<double>(persons);
  const auto n = static_cast<double>(others);
  const double variance =
      (area * (1.0 - area) + (m - 1.0) * two_persons + (n - 1.0) * two_others) / (m * n);
  const double half = quantile * std::sqrt(std::max(variance, 0.0));
  return {std::max(0.0, area - half), std::min(1.0, area + half)};
}

std::vector<RocPoint> roc_curve(std::span<const Prediction> predictions) {
  check(predictions);
  const Level all = totals(predictions);
  if (all.persons == 0 || all.others == 0) return {};
  std::vector<RocPoint> points;
  Level above;
  const auto add_point = [&](double threshold) {
    points.push_back({threshold,
                      static_cast<double>(above.others) / static_cast<double>(all.others),
                      static_cast<double>(above.persons) / static_cast<double>(all.persons)});
  };
  for (const Level& level : levels(predictions)) {
    add_point(level.probability);  // a decision needs more than the threshold
    above.persons += level.persons;
    above.others += level.others;
  }
  add_point(-1.0);
  return points;
}

std::vector<Prediction> worst_mistakes(std::span<const Prediction> predictions, double threshold,
                                       std::size_t count) {
  check(predictions);
  check_threshold(threshold);
  std::vector<Prediction> mistakes;
  std::ranges::copy_if(predictions, std::back_inserter(mistakes),
                       [&](const Prediction& p) { return !is_right(p, threshold); });
  std::ranges::sort(mistakes, [](const Prediction& a, const Prediction& b) {
    const double first = truth_probability(a);
    const double second = truth_probability(b);
    return first != second ? first < second : a.name < b.name;
  });
  mistakes.resize(std::min(count, mistakes.size()));
  return mistakes;
}

PairedTest paired_test(std::span<const Prediction> first, std::span<const Prediction> second,
                       double first_threshold, double second_threshold) {
  check(first);
  check(second);
  check_threshold(first_threshold);
  check_threshold(second_threshold);
  if (first.size() != second.size()) {
    throw std::invalid_argument(
        fmt::format("the deciders saw {} and {} photographs; let both decide on the same ones",
                    first.size(), second.size()));
  }
  PairedTest test;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].name != second[i].name || first[i].person != second[i].person) {
      throw std::invalid_argument(fmt::format(
          "photograph {} is {} for the first decider and {} for the second, or its truth differs; "
          "let both decide on the same photographs in the same order",
          i, first[i].name, second[i].name));
    }
    const bool first_right = is_right(first[i], first_threshold);
    const bool second_right = is_right(second[i], second_threshold);
    if (first_right) {
      ++(second_right ? test.both_right : test.only_first_right);
    } else {
      ++(second_right ? test.only_second_right : test.both_wrong);
    }
  }
  test.different_decisions = test.only_first_right + test.only_second_right;
  test.p_value = mcnemar_p_value(test.only_first_right, test.only_second_right);
  return test;
}

double mcnemar_p_value(std::int64_t only_first, std::int64_t only_second) {
  if (only_first < 0 || only_second < 0) {
    throw std::invalid_argument(fmt::format(
        "no test for {} against {} photographs; counts are not negative", only_first, only_second));
  }
  const std::int64_t total = only_first + only_second;
  const std::int64_t smaller = std::min(only_first, only_second);
  // P(X <= smaller) for X binomial(total, 1/2), from its largest term downwards: each term is the
  // one above it times k / (total - k + 1), so nothing overflows for any count.
  const auto n = static_cast<double>(total);
  const auto m = static_cast<double>(smaller);
  double term = std::exp(std::lgamma(n + 1.0) - std::lgamma(m + 1.0) - std::lgamma(n - m + 1.0) -
                         n * std::log(2.0));
  double tail = 0.0;
  for (std::int64_t k = smaller; k >= 0 && term > 0.0; --k) {
    tail += term;
    term *= static_cast<double>(k) / static_cast<double>(total - k + 1);
  }
  return std::min(1.0, 2.0 * tail);
}

}  // namespace coco_mcu::evaluation
