// Similarities in blocks, on several threads, against one chain of operations a result, bit for
// bit.

#include "score/similarities.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>
#include <vector>

namespace skalar {
namespace {

template <class Element>
std::vector<Element> Draw(std::mt19937& engine, size_t count) {
  std::vector<Element> values(count);
  std::uniform_real_distribution<Element> uniform(-1, 1);
  for (Element& value : values) value = uniform(engine);
  return values;
}

template <class Element>
Element ScaleOfRow(const Element* row, size_t n) {
  return static_cast<Element>(ScaleOf(LargestOf(row, n)));
}

// In blocks of kDepth, of scaled numbers.
template <class Element>
Element Product(const Element* a, const Element* b, size_t n) {
  const Element scale_a = ScaleOfRow(a, n);
  const Element scale_b = ScaleOfRow(b, n);
  Element sum = 0;
  for (size_t begin = 0; begin < n; begin += kDepth) {
    Element chain = 0;
    for (size_t k = begin; k < std::min(begin + kDepth, n); ++k) {
      chain = std::fma(a[k] / scale_a, b[k] / scale_b, chain);
    }
    sum += chain;
  }
  return sum * scale_a * scale_b;
}

template <class Element>
std::vector<Element> Compute(const Matrix<Element>& left, const Matrix<Element>& right,
                             Measure measure, size_t threads) {
  std::vector<Element> results(left.rows * right.rows, -7);
  std::atomic<int32_t> progress{0};
  Similarities<Element> work(left, right, {measure}, results.data(), threads, nullptr, &progress);
  std::vector<std::thread> workers;
  for (size_t i = 0; i < threads; ++i) workers.emplace_back([&] { work.Work(); });
  for (std::thread& worker : workers) worker.join();
  EXPECT_TRUE(work.Finish().ok());
  return results;
}

struct Shape {
  size_t rows;
  size_t others;
  size_t columns;
};

// Below and beyond tiles, blocks, tasks and depths.
const Shape kShapes[] = {{1, 1, 1},      {3, 2, 5},       {14, 32, 128},   {15, 33, 129},
                         {113, 1025, 7}, {400, 2100, 20}, {20, 40, 40000}, {1400, 30, 257}};

template <class Element>
void CheckProducts() {
  std::mt19937 engine(1);
  for (const Shape& shape : kShapes) {
    const auto a = Draw<Element>(engine, shape.rows * shape.columns);
    const auto b = Draw<Element>(engine, shape.others * shape.columns);
    const Matrix<Element> left = {a.data(), shape.rows, shape.columns};
    const Matrix<Element> right = {b.data(), shape.others, shape.columns};
    const auto results = Compute(left, right, Measure::kDot, 3);
    for (size_t i = 0; i < shape.rows; i += 1 + shape.rows / 40) {
      for (size_t j = 0; j < shape.others; j += 1 + shape.others / 40) {
        ASSERT_EQ(results[i * shape.others + j], Product(left.row(i), right.row(j), shape.columns))
            << i << ", " << j << " of " << shape.rows << " x " << shape.others << " x "
            << shape.columns;
      }
    }
    ASSERT_EQ(std::count(results.begin(), results.end(), Element{-7}), 0);
  }
}

TEST(SimilaritiesTest, OfFloatsAreChainsInBlocks) { CheckProducts<float>(); }

TEST(SimilaritiesTest, OfDoublesAreChainsInBlocks) { CheckProducts<double>(); }

TEST(SimilaritiesTest, OfEveryMeasureFillAllResults) {
  std::mt19937 engine(2);
  const auto a = Draw<float>(engine, 130 * 140);
  const Matrix<float> matrix = {a.data(), 130, 140};
  for (uint32_t measure = 0; measure < kMeasures; ++measure) {
    const auto results = Compute(matrix, matrix, static_cast<Measure>(measure), 2);
    ASSERT_EQ(std::count(results.begin(), results.end(), -7.0f), 0) << measure;
    ASSERT_TRUE(std::all_of(results.begin(), results.end(), [](float x) { return x == x; }));
  }
}

TEST(SimilaritiesTest, StopWhenAborted) {
  std::mt19937 engine(3);
  const auto a = Draw<float>(engine, 300 * 10);
  const Matrix<float> matrix = {a.data(), 300, 10};
  std::vector<float> results(300 * 300);
  const std::atomic<int32_t> abort{kAbort};
  Similarities<float> work(matrix, matrix, {Measure::kDot}, results.data(), 1, &abort, nullptr);
  work.Work();
  EXPECT_EQ(work.Finish().code(), Status::Code::kAborted);
}

}  // namespace
}  // namespace skalar
