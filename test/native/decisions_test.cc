// Decisions of support-vector machines against the sum of their definition, for any number of
// threads and vectors bit for bit.

#include "score/decisions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "score/similarities.h"

namespace skalar {
namespace {

template <class Element = double>
std::vector<Element> Draw(std::mt19937& engine, size_t count) {
  std::vector<Element> values(count);
  std::uniform_real_distribution<Element> uniform(-1, 1);
  for (Element& value : values) value = uniform(engine);
  return values;
}

struct Example {
  Example(std::vector<uint32_t> ends_of_classes, size_t dimension) : ends(ends_of_classes) {
    std::mt19937 engine(1);
    const size_t count = ends.back();
    supports = Draw<float>(engine, count * dimension);
    weights = Draw(engine, (ends.size() - 1) * count);
    offsets = Draw(engine, ends.size() * (ends.size() - 1) / 2);
    columns = dimension;
  }

  std::unique_ptr<KernelMachine> Machine(const Formula& formula) const {
    return std::make_unique<KernelMachine>(columns, formula, ends, weights, offsets);
  }

  std::vector<uint32_t> ends;
  std::vector<float> supports;
  std::vector<double> weights;
  std::vector<double> offsets;
  size_t columns;
};

constexpr Formula kRbf = {Measure::kRbf, 0.5};

std::vector<double> Decide(KernelMachine* machine, const Example& example,
                           const std::vector<double>& vectors, size_t threads,
                           AbortFlag abort = nullptr) {
  const size_t count = vectors.size() / example.columns;
  std::vector<double> results(machine->pairs() * count, -7);
  Decisions work(machine, example.supports.data(), {vectors.data(), count, example.columns},
                 results.data(), threads, abort);
  std::vector<std::thread> workers;
  for (size_t i = 0; i < work.Workers(); ++i) workers.emplace_back([&] { work.Work(); });
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(work.Finish().ok(), !IsStopped(abort));
  return results;
}

double Kernel(const float* a, const double* b, size_t n) {
  double sum = 0;
  for (size_t k = 0; k < n; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return std::exp(-kRbf.gamma * sum);
}

// Of class `own` with `other`, in whichever row that is.
double Sum(const Example& example, const double* vector, size_t own, size_t other) {
  const size_t row = other < own ? other : other - 1;
  double sum = 0;
  for (size_t s = own == 0 ? 0 : example.ends[own - 1]; s < example.ends[own]; ++s) {
    sum += example.weights[row * example.ends.back() + s] *
           Kernel(&example.supports[s * example.columns], vector, example.columns);
  }
  return sum;
}

void Check(const Example& example, size_t count) {
  std::mt19937 engine(2);
  const auto vectors = Draw(engine, count * example.columns);
  const auto machine = example.Machine(kRbf);
  const auto results = Decide(machine.get(), example, vectors, 1);
  EXPECT_EQ(results, Decide(example.Machine(kRbf).get(), example, vectors, 3));
  for (size_t v = 0; v < count; ++v) {
    size_t pair = 0;
    for (size_t i = 0; i < example.ends.size(); ++i) {
      for (size_t j = i + 1; j < example.ends.size(); ++j, ++pair) {
        const double* vector = &vectors[v * example.columns];
        const double sum = Sum(example, vector, i, j) + Sum(example, vector, j, i);
        ASSERT_NEAR(results[pair * count + v], sum - example.offsets[pair], 1e-10)
            << v << ": " << i << ", " << j;
      }
    }
  }
}

TEST(DecisionsTest, AreThoseOfTheDefinition) {
  Check(Example({1, 2}, 1), 1);
  Check(Example({3, 10, 11, 30}, 17), 33);
  // A class without supports; several blocks of them.
  Check(Example({40, 40, 700}, 150), 20);
}

// All that fills tiles, leaves some over, and takes more than one block of vectors.
TEST(DecisionsTest, OfAVectorAreTheSameAmongAnyOthers) {
  std::mt19937 engine(4);
  const Example example({70, 200, 201}, 300);
  const auto vectors = Draw(engine, 250 * example.columns);
  for (const Formula& formula :
       {Formula{Measure::kDot}, Formula{Measure::kPolynomial, 0.2, 1, 3},
        Formula{Measure::kSigmoid, 0.1, 0.5}, kRbf, Formula{Measure::kLaplacian, 0.02}}) {
    const auto machine = example.Machine(formula);
    const auto all = Decide(machine.get(), example, vectors, 2);
    for (const size_t count : {1, 2, 3, 5, 7, 8, 13, 14, 15, 22, 111}) {
      const std::vector<double> some(vectors.end() - count * example.columns, vectors.end());
      const auto results = Decide(machine.get(), example, some, 2);
      for (size_t i = 0; i < results.size(); ++i) {
        ASSERT_EQ(results[i], all[i / count * 250 + 250 - count + i % count]) << count;
      }
    }
  }
}

TEST(DecisionsTest, AreOfTheKernelsThatSimilaritiesHave) {
  std::mt19937 engine(5);
  Example example({1, 2}, 333);
  example.weights = {1, 0};
  example.offsets = {0};
  for (const double size : {1e-20, 1.0, 1e9}) {
    const std::vector<double> support(example.supports.begin(), example.supports.begin() + 333);
    auto vector = Draw(engine, 333);
    for (double& component : vector) component *= size;
    for (const Measure measure : {Measure::kDot, Measure::kPolynomial, Measure::kSigmoid,
                                  Measure::kRbf, Measure::kLaplacian}) {
      const Formula formula = {measure, 0.01 / size / size, 0.25, 3};
      double expected = 0;
      Similarities<double> similarities({support.data(), 1, 333}, {vector.data(), 1, 333}, formula,
                                        &expected, 1, nullptr, nullptr);
      similarities.Work();
      const auto machine = example.Machine(formula);
      EXPECT_EQ(Decide(machine.get(), example, vector, 1)[0], expected);
    }
  }
}

TEST(DecisionsTest, OfOneMachineAreMadeByManyAtOnce) {
  std::mt19937 engine(6);
  const Example example({90, 300}, 64);
  const auto vectors = Draw(engine, 3 * example.columns);
  const auto expected = Decide(example.Machine(kRbf).get(), example, vectors, 1);
  const auto machine = example.Machine(kRbf);
  std::vector<std::thread> callers;
  for (size_t i = 0; i < 4; ++i) {
    callers.emplace_back([&] { EXPECT_EQ(Decide(machine.get(), example, vectors, 2), expected); });
  }
  for (std::thread& caller : callers) caller.join();
}

// Whoever comes after one that was aborted packs what it left.
TEST(DecisionsTest, StopWhenAborted) {
  std::mt19937 engine(3);
  const Example example({5, 9}, 4);
  const auto vectors = Draw(engine, 40);
  const auto machine = example.Machine(kRbf);
  const std::atomic<int32_t> abort{kAbort};
  EXPECT_EQ(Decide(machine.get(), example, vectors, 2, &abort), std::vector<double>(10, -7));
  EXPECT_EQ(Decide(machine.get(), example, vectors, 2),
            Decide(example.Machine(kRbf).get(), example, vectors, 1));
}

}  // namespace
}  // namespace skalar
