#include "evaluation/metrics.h"

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coco_mcu::evaluation {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// Six photographs, four decided rightly at 0.5: "b" (missed) and "e" (false alarm) are not.
std::vector<Prediction> six() {
  return {{"a", 0.9, true},  {"b", 0.4, true},  {"c", 0.6, true},
          {"d", 0.1, false}, {"e", 0.7, false}, {"f", 0.4, false}};
}

TEST(Evaluate, CountsDecisionsAndRates) {
  const Metrics metrics = evaluate(six());
  EXPECT_EQ(metrics.confusion, (Confusion{2, 1, 2, 1}));
  EXPECT_EQ(metrics.confusion.correct(), 4);
  EXPECT_EQ(metrics.confusion.total(), 6);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 4.0 / 6.0);
  EXPECT_DOUBLE_EQ(metrics.true_positive_rate.value(), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(metrics.true_negative_rate.value(), 2.0 / 3.0);
}

TEST(Evaluate, EqualToTheThresholdIsNotAPerson) {
  EXPECT_EQ(evaluate(six(), 0.4).confusion, (Confusion{2, 1, 2, 1}));
  EXPECT_EQ(evaluate(six(), 0.39).confusion, (Confusion{3, 2, 1, 0}));
}

TEST(Evaluate, CrossEntropyIsTheMeanInNats) {
  const double expected = -(std::log(0.9) + std::log(0.4) + std::log(0.6) + std::log(0.9) +
                            std::log(0.3) + std::log(0.6)) /
                          6.0;
  EXPECT_NEAR(evaluate(six()).cross_entropy, expected, 1e-12);
}

TEST(Evaluate, CrossEntropyOfACertainMistakeIsFinite) {
  const std::vector<Prediction> certain = {{"a", 0.0, true}};
  EXPECT_NEAR(evaluate(certain).cross_entropy, 16.11809565095832, 1e-9);
}

TEST(Evaluate, AMissingClassHasNoRate) {
  const std::vector<Prediction> persons = {{"a", 0.9, true}, {"b", 0.2, true}};
  const Metrics metrics = evaluate(persons);
  EXPECT_DOUBLE_EQ(metrics.true_positive_rate.value(), 0.5);
  EXPECT_FALSE(metrics.true_negative_rate.has_value());
  EXPECT_FALSE(metrics.area_under_roc.has_value());
  EXPECT_TRUE(roc_curve(persons).empty());
}

TEST(Evaluate, RefusesWhatHasNoMeaning) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(evaluate({}), std::invalid_argument);
  EXPECT_THROW(evaluate(six(), nan), std::invalid_argument);
  for (const double bad : {nan, -0.01, 1.01, std::numeric_limits<double>::infinity()}) {
    std::vector<Prediction> predictions = six();
    predictions[3].person_probability = bad;
    EXPECT_THAT([&] { evaluate(predictions); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("d: the probability")));
    EXPECT_THROW(area_under_roc(predictions), std::invalid_argument);
    EXPECT_THROW(roc_curve(predictions), std::invalid_argument);
    EXPECT_THROW(worst_mistakes(predictions, 0.5, 3), std::invalid_argument);
  }
}

TEST(WilsonInterval, KnownValues) {
  const Interval interval = wilson_interval(186, 216);
  EXPECT_NEAR(interval.low, 0.808653, 1e-6);
  EXPECT_NEAR(interval.high, 0.900949, 1e-6);
  EXPECT_DOUBLE_EQ(wilson_interval(0, 10).low, 0.0);
  EXPECT_NEAR(wilson_interval(0, 10).high, 0.277533, 1e-6);
  EXPECT_NEAR(wilson_interval(10, 10).low, 1.0 - 0.277533, 1e-6);
  EXPECT_DOUBLE_EQ(wilson_interval(10, 10).high, 1.0);
}

TEST(WilsonInterval, RefusesImpossibleCounts) {
  EXPECT_THROW(wilson_interval(0, 0), std::invalid_argument);
  EXPECT_THROW(wilson_interval(-1, 5), std::invalid_argument);
  EXPECT_THROW(wilson_interval(6, 5), std::invalid_argument);
}

TEST(AreaUnderRoc, CountsTiesAsHalf) {
  // Pairs: 0.9 beats 3; 0.4 beats 0.1, ties 0.4; 0.6 beats 0.1 and 0.4: (3 + 1.5 + 2) / 9.
  EXPECT_DOUBLE_EQ(area_under_roc(six()).value(), 6.5 / 9.0);
  const std::vector<Prediction> same = {{"a", 0.5, true}, {"b", 0.5, false}, {"c", 0.5, false}};
  EXPECT_DOUBLE_EQ(area_under_roc(same).value(), 0.5);
}

/// By hand: q1 = .80668, q2 = .84252, (.09555 + 50 * .00923 + 57 * .04507) / 2958 = .03251^2.
TEST(AreaInterval, IsThatOfHanleyAndMcNeil) {
  const Interval interval = area_interval(0.893, 51, 58, 1.0);
  EXPECT_NEAR(interval.high - 0.893, 0.03251, 2e-5);
  EXPECT_NEAR(0.893 - interval.low, 0.03251, 2e-5);
}

TEST(AreaInterval, StaysInsideOfZeroToOne) {
  EXPECT_EQ(area_interval(1.0, 3, 4).high, 1.0);
  EXPECT_EQ(area_interval(0.99, 3, 4).high, 1.0);
  EXPECT_EQ(area_interval(0.01, 3, 4).low, 0.0);
}

TEST(AreaInterval, WantsBothClasses) {
  EXPECT_THROW(area_interval(0.5, 0, 4), std::invalid_argument);
  EXPECT_THROW(area_interval(0.5, 4, 0), std::invalid_argument);
  EXPECT_THROW(area_interval(1.5, 4, 4), std::invalid_argument);
}

TEST(AreaUnderRoc, EqualsCountingPairsAndTheAreaUnderTheCurve) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<Prediction> predictions = {{"p", 0.5, true}, {"n", 0.5, false}};
    for (int i = 0; i < 60; ++i) {
      predictions.push_back({"x", (random() % 11) / 10.0, random() % 3 == 0});
    }
    double right = 0.0;
    double pairs = 0.0;
    for (const Prediction& a : predictions) {
      for (const Prediction& b : predictions) {
        if (!a.person || b.person) continue;
        pairs += 1.0;
        if (a.person_probability > b.person_probability) right += 1.0;
        if (a.person_probability == b.person_probability) right += 0.5;
      }
    }
    const double area = area_under_roc(predictions).value();
    EXPECT_DOUBLE_EQ(area, right / pairs);
    const std::vector<RocPoint> curve = roc_curve(predictions);
    double trapezia = 0.0;
    for (std::size_t i = 1; i < curve.size(); ++i) {
      trapezia += (curve[i].false_positive_rate - curve[i - 1].false_positive_rate) *
                  (curve[i].true_positive_rate + curve[i - 1].true_positive_rate) / 2.0;
    }
    EXPECT_NEAR(area, trapezia, 1e-12);
  }
}

TEST(RocCurve, HoldsTheRatesAtEachThreshold) {
  const std::vector<RocPoint> curve = roc_curve(six());
  ASSERT_EQ(curve.size(), 6U);  // thresholds 0.9, 0.7, 0.6, 0.4, 0.1, -1
  EXPECT_DOUBLE_EQ(curve.front().threshold, 0.9);
  EXPECT_DOUBLE_EQ(curve.front().true_positive_rate, 0.0);
  EXPECT_DOUBLE_EQ(curve.front().false_positive_rate, 0.0);
  EXPECT_DOUBLE_EQ(curve.back().true_positive_rate, 1.0);
  EXPECT_DOUBLE_EQ(curve.back().false_positive_rate, 1.0);
  for (const RocPoint& point : curve) {
    const Metrics metrics = evaluate(six(), point.threshold);
    EXPECT_DOUBLE_EQ(point.true_positive_rate, metrics.true_positive_rate.value());
    EXPECT_DOUBLE_EQ(point.false_positive_rate, 1.0 - metrics.true_negative_rate.value());
  }
}

TEST(WorstMistakes, SurestFirstThenByName) {
  const std::vector<Prediction> predictions = {{"good", 0.99, true}, {"miss", 0.25, true},
                                               {"z", 0.75, false},   {"alarm", 0.8, false},
                                               {"near", 0.49, true}, {"fine", 0.2, false}};
  std::vector<std::string> names;
  for (const Prediction& mistake : worst_mistakes(predictions, 0.5, 10)) {
    names.push_back(mistake.name);
  }
  EXPECT_THAT(names, testing::ElementsAre("alarm", "miss", "z", "near"));
  EXPECT_EQ(worst_mistakes(predictions, 0.5, 2).size(), 2U);
  EXPECT_TRUE(worst_mistakes(predictions, 0.5, 0).empty());
}

TEST(McnemarPValue, KnownValues) {
  EXPECT_DOUBLE_EQ(mcnemar_p_value(0, 0), 1.0);
  EXPECT_DOUBLE_EQ(mcnemar_p_value(3, 3), 1.0);
  EXPECT_NEAR(mcnemar_p_value(0, 6), 2.0 / 64.0, 1e-14);
  EXPECT_NEAR(mcnemar_p_value(1, 9), 2.0 * 11.0 / 1024.0, 1e-14);
  EXPECT_NEAR(mcnemar_p_value(9, 1), 2.0 * 11.0 / 1024.0, 1e-14);
  EXPECT_NEAR(mcnemar_p_value(5, 12), 0.143463134765625, 1e-12);  // 2 * 9402 / 2^17
  EXPECT_NEAR(mcnemar_p_value(20000, 20504), 0.0123, 5e-4);       // the normal approximation
  EXPECT_DOUBLE_EQ(mcnemar_p_value(0, 5000), 0.0);
  EXPECT_THROW(mcnemar_p_value(-1, 3), std::invalid_argument);
}

TEST(PairedTest, CountsWhoIsRight) {
  std::vector<Prediction> second = six();
  second[1].person_probability = 0.8;  // now right
  second[4].person_probability = 0.3;  // now right
  second[0].person_probability = 0.2;  // now wrong
  const PairedTest test = paired_test(six(), second);
  EXPECT_EQ(test.both_right, 3);
  EXPECT_EQ(test.only_first_right, 1);
  EXPECT_EQ(test.only_second_right, 2);
  EXPECT_EQ(test.both_wrong, 0);
  EXPECT_EQ(test.different_decisions, 3);
  EXPECT_DOUBLE_EQ(test.p_value, 1.0);
}

TEST(PairedTest, EachDeciderHasItsThreshold) {
  const PairedTest test = paired_test(six(), six(), 0.5, 0.39);
  EXPECT_EQ(test.only_second_right, 1);  // "b" is found
  EXPECT_EQ(test.only_first_right, 1);   // "f" becomes a false alarm
}

TEST(PairedTest, RefusesDifferentPhotographs) {
  std::vector<Prediction> other = six();
  other[2].name = "x";
  EXPECT_THAT([&] { paired_test(six(), other); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("photograph 2 is c")));
  other = six();
  other[2].person = false;
  EXPECT_THROW(paired_test(six(), other), std::invalid_argument);
  other = six();
  other.pop_back();
  EXPECT_THROW(paired_test(six(), other), std::invalid_argument);
}

}  // namespace
}  // namespace coco_mcu::evaluation
