// Decisions of support-vector machines against the sum of their definition, for any number of
// threads bit for bit.

#include "score/decisions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <thread>
#include <vector>

namespace skalar {
namespace {

std::vector<double> Draw(std::mt19937& engine, size_t count) {
  std::vector<double> values(count);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (double& value : values) value = uniform(engine);
  return values;
}

struct Example {
  Example(std::vector<uint32_t> ends_of_classes, size_t dimension) : ends(ends_of_classes) {
    std::mt19937 engine(1);
    const size_t count = ends.back();
    supports = Draw(engine, count * dimension);
    weights = Draw(engine, (ends.size() - 1) * count);
    offsets = Draw(engine, ends.size() * (ends.size() - 1) / 2);
    columns = dimension;
  }

  Machine machine() const {
    return {{supports.data(), ends.back(), columns},
            ends.size(),
            ends.data(),
            weights.data(),
            offsets.data()};
  }

  std::vector<uint32_t> ends;
  std::vector<double> supports;
  std::vector<double> weights;
  std::vector<double> offsets;
  size_t columns;
};

constexpr Formula kRbf = {Measure::kRbf, 0.5};

std::vector<double> Decide(const Example& example, const std::vector<double>& vectors,
                           size_t threads, AbortFlag abort = nullptr) {
  const size_t count = vectors.size() / example.columns;
  std::vector<double> results(example.machine().pairs() * count, -7);
  Decisions work(example.machine(), {vectors.data(), count, example.columns}, kRbf, results.data(),
                 threads, abort);
  std::vector<std::thread> workers;
  for (size_t i = 0; i < work.Workers(); ++i) workers.emplace_back([&] { work.Work(); });
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(work.Finish().ok(), !IsStopped(abort));
  return results;
}

double Kernel(const double* a, const double* b, size_t n) {
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
  const auto results = Decide(example, vectors, 1);
  EXPECT_EQ(results, Decide(example, vectors, 3));
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

TEST(DecisionsTest, StopWhenAborted) {
  std::mt19937 engine(3);
  const Example example({5, 9}, 4);
  const std::atomic<int32_t> abort{kAbort};
  const auto results = Decide(example, Draw(engine, 40), 2, &abort);
  EXPECT_EQ(results, std::vector<double>(10, -7));
}

}  // namespace
}  // namespace skalar
