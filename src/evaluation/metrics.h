// How well a decider tells person from no person, and whether two deciders differ: counts, rates,
// and how sure the photographs at hand make them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace coco_mcu::evaluation {

/// One photograph: what was said of it and what is true.
struct Prediction {
  std::string name;                 // of the photograph, to find it again
  double person_probability = 0.0;  // 0..1
  bool person = false;              // the truth
};

/// The decision is "person" where the probability lies above the threshold; equal is not above.
inline bool decides_person(double person_probability, double threshold) {
  return person_probability > threshold;
}

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

struct Confusion {
  std::int64_t true_positives = 0;  // a person, and said so
  std::int64_t false_positives = 0;
  std::int64_t true_negatives = 0;
  std::int64_t false_negatives = 0;  // a person, and missed

  std::int64_t correct() const { return true_positives + true_negatives; }
  std::int64_t total() const { return correct() + false_positives + false_negatives; }
  bool operator==(const Confusion&) const = default;
};

struct Metrics {
  double threshold = 0.5;
  Confusion confusion;
  double accuracy = 0.0;                     // share of right decisions
  Interval accuracy_interval;                // 95 %, by wilson_interval
  double cross_entropy = 0.0;                // mean of -ln(probability given to the truth), nats
  std::optional<double> true_positive_rate;  // nothing where no photograph shows a person
  std::optional<double> true_negative_rate;  // nothing where every photograph shows a person
  std::optional<double> area_under_roc;      // nothing where one of the two classes is missing
  std::optional<Interval> area_interval;     // 95 %, by area_interval()
};

/// Every probability is clamped to kSmallestProbability..1 - kSmallestProbability before its
/// logarithm is taken, so that one certain mistake costs 16.1 nats, not infinity.
constexpr double kSmallestProbability = 1e-7;

/// The quantile of the normal distribution that leaves 2.5 % on either side.
constexpr double kNormalQuantile95 = 1.959963984540054;

/// All functions below that take predictions throw std::invalid_argument for an empty list, for a
/// probability that is not a number between 0 and 1 (the line names the photograph), and for a
/// threshold that is not a number.
Metrics evaluate(std::span<const Prediction> predictions, double threshold = 0.5);

/// Wilson's score interval of a share of `successes` out of `trials` (E. B. Wilson, "Probable
/// inference, the law of succession, and statistical inference", J. Am. Stat. Assoc. 22, 1927):
///   (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
/// It keeps its promise for small n and for shares near 0 and 1. Throws std::invalid_argument
/// unless 0 <= successes <= trials and trials > 0.
Interval wilson_interval(std::int64_t successes, std::int64_t trials,
                         double quantile = kNormalQuantile95);

/// The probability that a random photograph with a person is given a higher probability than a
/// random one without; equal ones count half (the Mann-Whitney statistic, the area under the ROC
/// curve). Nothing where one of the two classes is missing.
std::optional<double> area_under_roc(std::span<const Prediction> predictions);

/// The interval of an area under the ROC curve that `persons` and `others` photographs gave (J. A.
/// Hanley and B. J. McNeil, Radiology 143, 1982): with q1 = a / (2 - a) and q2 = 2 a^2 / (1 + a),
///   variance = (a (1 - a) + (persons - 1) (q1 - a^2) + (others - 1) (q2 - a^2)) / (persons
///   others),
/// cut to 0..1. Throws std::invalid_argument unless 0 <= area <= 1 and both counts are positive.
Interval area_interval(double area, std::int64_t persons, std::int64_t others,
                       double quantile = kNormalQuantile95);

/// A point of the receiver operating characteristic: the rates at that threshold.
struct RocPoint {
  double threshold = 0.0;
  double false_positive_rate = 0.0;
  double true_positive_rate = 0.0;
};

/// The curve from (0, 0) to (1, 1): one point for each probability that occurs, as the threshold,
/// in falling order, and a last one below all of them (threshold -1). Empty where one of the two
/// classes is missing.
std::vector<RocPoint> roc_curve(std::span<const Prediction> predictions);

/// The wrong decisions that were surest of themselves: at most `count`, those that gave the truth
/// the lowest probability first, equal ones by name.
std::vector<Prediction> worst_mistakes(std::span<const Prediction> predictions, double threshold,
                                       std::size_t count);

/// Two deciders on the same photographs.
struct PairedTest {
  std::int64_t both_right = 0;
  std::int64_t only_first_right = 0;
  std::int64_t only_second_right = 0;
  std::int64_t both_wrong = 0;
  std::int64_t different_decisions = 0;  // only_first_right + only_second_right
  double p_value = 1.0;                  // by mcnemar_p_value
};

/// Compares two lists that hold the same photographs in the same order. Beside the errors named
/// above, throws std::invalid_argument where their lengths, names or truths differ.
PairedTest paired_test(std::span<const Prediction> first, std::span<const Prediction> second,
                       double first_threshold = 0.5, double second_threshold = 0.5);

/// McNemar's test in its exact form, two-sided: how probable a split at least as uneven as
/// only_first : only_second is if each photograph on which just one decider is right fell to
/// either with probability one half; 1 where there is none. (Q. McNemar, Psychometrika 12, 1947;
/// the exact form is the sign test: twice the smaller tail of the binomial, at most 1.) Throws
/// std::invalid_argument for negative counts.
double mcnemar_p_value(std::int64_t only_first, std::int64_t only_second);

}  // namespace coco_mcu::evaluation
