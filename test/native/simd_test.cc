// Every kernel of every available target against naive loops. Buffers are exactly as long as the
// contract demands, so that the address sanitizer notices a read beyond them.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "simd/kernels.h"
#include "targets.h"

namespace skalar::simd {
namespace {

constexpr size_t kLongest = 1104;
constexpr size_t kMostRows = 9;

// Values per vector: which side is drawn matters to patterns whose products are to cancel.
enum class Side { kQuery, kRow };

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t Below(uint32_t bound) { return engine_() % bound; }
  float Uniform() { return static_cast<float>(Below(1u << 24)) * 0x1p-23f - 1.0f; }  // [-1, 1)
  float Sign() { return Below(2) == 0 ? 1.0f : -1.0f; }

 private:
  std::mt19937 engine_;
};

struct Pattern {
  const char* name;
  float (*value)(Random& random, size_t i, Side side);
};

// Norms stay far enough from the largest float32 that no partial sum can overflow.
const Pattern kPatterns[] = {
    {"uniform", [](Random& random, size_t, Side) { return random.Uniform(); }},
    {"magnitudes from 2^-50 to 2^50",
     [](Random& random, size_t, Side) {
       return std::ldexp(random.Uniform(), static_cast<int>(random.Below(101)) - 50);
     }},
    {"huge pairs that cancel and leave a small rest",
     [](Random& random, size_t i, Side side) {
       if (side == Side::kQuery) return 1.0f;
       const float huge = std::ldexp(1.0f, static_cast<int>(i / 2 % 30) + 20);
       return i % 2 == 0 ? huge : -huge * (1.0f - 0x1p-20f * random.Uniform());
     }},
    {"one large product, many that rounding loses",
     [](Random&, size_t i, Side) { return i < kLanes ? 1.0f : 0x1.6p-13f; }},
    {"mostly zeros of both signs",
     [](Random& random, size_t, Side) {
       return random.Below(8) == 0 ? random.Uniform() : 0.0f * random.Sign();
     }},
    {"subnormal values",
     [](Random& random, size_t, Side side) {
       if (side == Side::kQuery) return random.Uniform();
       return random.Sign() * static_cast<float>(random.Below(1u << 20)) * 0x1p-149f;
     }},
    {"subnormal products",
     [](Random& random, size_t, Side) { return random.Uniform() * 0x1p-70f; }},
};

std::vector<float> Draw(const Pattern& pattern, Random& random, size_t n, Side side) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = pattern.value(random, i, side);
  return values;
}

long double ReferenceDot(const std::vector<float>& a, const std::vector<float>& b) {
  long double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<long double>(a[i]) * b[i];
  return sum;
}

double Norm(const std::vector<float>& a) {
  return std::sqrt(static_cast<double>(ReferenceDot(a, a)));
}

// The order of additions that kernels.h fixes for float64.
template <class Term>
double SumInLanes(size_t n, Term term) {
  double lanes[kLanes] = {};
  for (size_t i = 0; i < n; ++i) lanes[i % kLanes] += term(i);
  for (size_t width : {8, 4, 2, 1}) {
    for (size_t j = 0; j < width; ++j) lanes[j] += lanes[j + width];
  }
  return lanes[0];
}

double ReferenceDotExact(const std::vector<float>& a, const std::vector<float>& b) {
  return SumInLanes(a.size(), [&](size_t i) { return static_cast<double>(a[i]) * b[i]; });
}

double ReferenceSquaredDistance(double scale, const std::vector<float>& row,
                                const std::vector<float>& query) {
  return SumInLanes(row.size(), [&](size_t i) {
    const double scaled = scale * row[i];
    const double difference = scaled - query[i];
    return difference * difference;
  });
}

// The values at an address that is `offset` floats behind an aligned one.
class Placed {
 public:
  Placed(const std::vector<float>& values, size_t offset)
      : buffer_(offset + values.size()), offset_(offset) {
    std::copy(values.begin(), values.end(), buffer_.begin() + offset);
  }
  const float* data() const { return buffer_.data() + offset_; }

 private:
  std::vector<float> buffer_;
  size_t offset_;
};

// Rows `stride` apart; between them NaN, which must never enter a sum.
std::vector<float> Strided(const std::vector<std::vector<float>>& rows, size_t count,
                           size_t stride) {
  std::vector<float> all;
  for (size_t i = 0; i < count; ++i) {
    all.resize(i * stride, std::nanf(""));
    all.insert(all.end(), rows[i].begin(), rows[i].end());
  }
  return all;
}

std::vector<uint32_t> Bits(const std::vector<float>& values) {
  std::vector<uint32_t> bits;
  for (float value : values) bits.push_back(std::bit_cast<uint32_t>(value));
  return bits;
}

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

class SimdKernelsTest : public testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& kernels_ = *GetParam();

  float Dot(const std::vector<float>& query, const std::vector<float>& row) const {
    float result;
    kernels_.dot_rows(query.data(), row.data(), row.size(), 1, row.size(), &result);
    return result;
  }
  double DotExact(const float* query, const float* row, size_t n) const {
    double result;
    kernels_.dot_exact(query, &row, 1, n, &result);
    return result;
  }
  double SquaredDistance(double scale, const float* row, const float* query, size_t n) const {
    double result;
    kernels_.squared_distance_exact(query, &row, &scale, 1, n, &result);
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(Targets, SimdKernelsTest, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST_P(SimdKernelsTest, FloatDotStaysWithinItsErrorBound) {
  for (const Pattern& pattern : kPatterns) {
    Random random(1);
    for (size_t n = kLanes; n <= kLongest; n += kLanes) {
      const std::vector<float> query = Draw(pattern, random, n, Side::kQuery);
      const std::vector<float> row = Draw(pattern, random, n, Side::kRow);
      const double tolerance = DotErrorFactor(n) * Norm(query) * Norm(row) + DotUnderflowGuard(n);
      const long double error = std::fabs(Dot(query, row) - ReferenceDot(query, row));
      ASSERT_LE(error, tolerance) << pattern.name << ", n = " << n;
    }
  }
}

TEST_P(SimdKernelsTest, FloatDotIsTheSameInEveryLayout) {
  Random random(2);
  for (size_t n = kLanes; n <= kLongest; n += kLanes) {
    const std::vector<float> query = Draw(kPatterns[0], random, n, Side::kQuery);
    std::vector<std::vector<float>> rows;
    std::vector<float> alone;
    for (size_t i = 0; i < kMostRows; ++i) {
      rows.push_back(Draw(kPatterns[0], random, n, Side::kRow));
      alone.push_back(Dot(query, rows[i]));
    }
    for (size_t count = 0; count <= kMostRows; ++count) {
      for (size_t offset = 0; offset < 4; ++offset) {
        for (size_t stride : {n, n + 1, n + kLanes}) {
          // One element more than the kernels may write.
          std::vector<float> expected(alone.begin(), alone.begin() + count);
          expected.push_back(-7.0f);
          const Placed placed_query(query, (offset + count) % 4);
          const Placed placed_rows(Strided(rows, count, stride), offset);

          std::vector<float> out(count + 1, -7.0f);
          kernels_.dot_rows(placed_query.data(), placed_rows.data(), stride, count, n, out.data());
          ASSERT_EQ(Bits(out), Bits(expected))
              << "dot_rows, n = " << n << ", count = " << count << ", stride = " << stride
              << ", offset = " << offset;

          std::vector<const float*> pointers;
          for (size_t i = 0; i < count; ++i) pointers.push_back(placed_rows.data() + i * stride);
          out.assign(count + 1, -7.0f);
          kernels_.dot_gather(placed_query.data(), pointers.data(), count, n, out.data());
          ASSERT_EQ(Bits(out), Bits(expected))
              << "dot_gather, n = " << n << ", count = " << count << ", stride = " << stride
              << ", offset = " << offset;
        }
      }
    }
  }
}

TEST_P(SimdKernelsTest, GatherTakesRowsInAnyOrderAndRepeated) {
  Random random(3);
  constexpr size_t kCount = 100;
  constexpr size_t n = 48;
  const std::vector<float> query = Draw(kPatterns[0], random, n, Side::kQuery);
  std::vector<std::vector<float>> rows;
  for (size_t i = 0; i < 10; ++i) rows.push_back(Draw(kPatterns[0], random, n, Side::kRow));
  std::vector<const float*> pointers;
  std::vector<float> expected;
  for (size_t i = 0; i < kCount; ++i) {
    const std::vector<float>& row = rows[random.Below(10)];
    pointers.push_back(row.data());
    expected.push_back(Dot(query, row));
  }
  std::vector<float> out(kCount);
  kernels_.dot_gather(query.data(), pointers.data(), kCount, n, out.data());
  EXPECT_EQ(Bits(out), Bits(expected));
}

TEST_P(SimdKernelsTest, ExactDotHasTheSameBitsOnEveryTarget) {
  for (const Pattern& pattern : kPatterns) {
    Random random(4);
    for (size_t n = 0; n <= kLongest; n += kLanes) {
      const std::vector<float> a = Draw(pattern, random, n, Side::kQuery);
      const std::vector<float> b = Draw(pattern, random, n, Side::kRow);
      const double expected = ReferenceDotExact(a, b);
      for (size_t offset = 0; offset < 4; ++offset) {
        const Placed placed_a(a, offset);
        const Placed placed_b(b, (offset + n / kLanes) % 4);
        ASSERT_EQ(Bits(DotExact(placed_a.data(), placed_b.data(), n)), Bits(expected))
            << pattern.name << ", n = " << n << ", offset = " << offset;
      }
    }
  }
}

// float64 rounds n / kLanes + 3 times at most on the way of a product into the sum.
TEST_P(SimdKernelsTest, ExactDotAgreesWithExtendedPrecision) {
  for (const Pattern& pattern : kPatterns) {
    Random random(5);
    for (size_t n = kLanes; n <= kLongest; n += kLanes) {
      const std::vector<float> a = Draw(pattern, random, n, Side::kQuery);
      const std::vector<float> b = Draw(pattern, random, n, Side::kRow);
      const double tolerance = static_cast<double>(n / kLanes + 4) * 0x1p-53 * Norm(a) * Norm(b);
      ASSERT_LE(std::fabs(DotExact(a.data(), b.data(), n) - ReferenceDot(a, b)), tolerance)
          << pattern.name << ", n = " << n;
    }
  }
}

TEST_P(SimdKernelsTest, SquaredDistanceHasTheSameBitsOnEveryTarget) {
  for (const Pattern& pattern : kPatterns) {
    Random random(6);
    for (size_t n = 0; n <= kLongest; n += kLanes) {
      const std::vector<float> row = Draw(pattern, random, n, Side::kRow);
      const std::vector<float> query = Draw(pattern, random, n, Side::kQuery);
      for (size_t offset = 0; offset < 4; ++offset) {
        const double scale = 1.0 / (3.0 + static_cast<double>(random.Below(1000)));
        const double expected = ReferenceSquaredDistance(scale, row, query);
        const Placed placed_row(row, offset);
        const Placed placed_query(query, (offset + n / kLanes) % 4);
        ASSERT_EQ(Bits(SquaredDistance(scale, placed_row.data(), placed_query.data(), n)),
                  Bits(expected))
            << pattern.name << ", n = " << n << ", offset = " << offset;
      }
    }
  }
}

TEST_P(SimdKernelsTest, ExactScoresDoNotDependOnTheOtherRows) {
  Random random(9);
  constexpr size_t n = 7 * kLanes;
  const std::vector<float> query = Draw(kPatterns[0], random, n, Side::kQuery);
  for (size_t count = 0; count <= kMostRows; ++count) {
    std::vector<std::vector<float>> rows;
    std::vector<const float*> pointers;
    std::vector<double> scales;
    for (size_t i = 0; i < count; ++i) {
      rows.push_back(Draw(kPatterns[0], random, n, Side::kRow));
      scales.push_back(1 + random.Uniform());
    }
    for (const std::vector<float>& row : rows) pointers.push_back(row.data());
    std::vector<double> dots(count);
    std::vector<double> distances(count);
    std::vector<double> same_dots(count);
    std::vector<double> squares(count);
    std::vector<double> sums(count);
    std::vector<double> largest(count);
    kernels_.sum_of_differences_exact(query.data(), pointers.data(), scales.data(), count, n,
                                      sums.data());
    kernels_.largest_difference_exact(query.data(), pointers.data(), scales.data(), count, n,
                                      largest.data());
    kernels_.dot_and_square_exact(query.data(), pointers.data(), count, n, same_dots.data(),
                                  squares.data());
    kernels_.dot_exact(query.data(), pointers.data(), count, n, dots.data());
    kernels_.squared_distance_exact(query.data(), pointers.data(), scales.data(), count, n,
                                    distances.data());
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(Bits(dots[i]), Bits(DotExact(query.data(), pointers[i], n)));
      ASSERT_EQ(Bits(same_dots[i]), Bits(dots[i]));
      ASSERT_EQ(Bits(squares[i]), Bits(DotExact(pointers[i], pointers[i], n)));
      ASSERT_EQ(Bits(distances[i]), Bits(SquaredDistance(scales[i], pointers[i], query.data(), n)));
      const auto difference = [&](size_t j) { return scales[i] * rows[i][j] - query[j]; };
      double lanes[kLanes] = {};
      double most = 0;
      for (size_t j = 0; j < n; ++j) {
        lanes[j % kLanes] += std::fabs(difference(j));
        most = std::max(most, std::fabs(difference(j)));
      }
      for (size_t width = kLanes / 2; width > 0; width /= 2) {
        for (size_t j = 0; j < width; ++j) lanes[j] += lanes[j + width];
      }
      ASSERT_EQ(Bits(sums[i]), Bits(lanes[0]));
      ASSERT_EQ(Bits(largest[i]), Bits(most));
    }
  }
}

TEST_P(SimdKernelsTest, FloatDistancesStayWithinTheirErrorBounds) {
  for (const Pattern& pattern : kPatterns) {
    Random random(11);
    for (size_t n = kLanes; n <= kLongest; n += kLanes) {
      const std::vector<float> query = Draw(pattern, random, n, Side::kQuery);
      const std::vector<float> row = Draw(pattern, random, n, Side::kRow);
      const float* rows = row.data();
      for (const float scale : {0.25f, 1.0f, 8.0f}) {
        const double wide = scale;
        double sum, largest;
        kernels_.sum_of_differences_exact(query.data(), &rows, &wide, 1, n, &sum);
        kernels_.largest_difference_exact(query.data(), &rows, &wide, 1, n, &largest);
        float float_sum, float_largest;
        kernels_.sum_of_differences(query.data(), &rows, &scale, 1, n, &float_sum);
        kernels_.largest_difference(query.data(), &rows, &scale, 1, n, &float_largest);
        // What is too large for float32 is told from the rest.
        if (!std::isfinite(float_sum)) continue;
        const double error = 0x1p-24 * (static_cast<double>(n) / kLanes + 8);
        const double underflow = 0x1p-149 * static_cast<double>(n);
        ASSERT_LE(std::fabs(float_sum - sum), error * sum + underflow) << pattern.name << n;
        ASSERT_LE(std::fabs(float_largest - largest), error * largest + underflow) << pattern.name;
      }
    }
  }
}

TEST_P(SimdKernelsTest, PaddingWithZerosChangesNothing) {
  Random random(7);
  for (size_t n = kLanes; n <= kLongest; n += kLanes) {
    std::vector<float> a = Draw(kPatterns[0], random, n, Side::kQuery);
    std::vector<float> b = Draw(kPatterns[0], random, n, Side::kRow);
    const float dot = Dot(a, b);
    const double dot_exact = DotExact(a.data(), b.data(), n);
    const double distance = SquaredDistance(1.5, a.data(), b.data(), n);
    a.resize(n + 3 * kLanes);
    b.resize(n + 3 * kLanes);
    ASSERT_EQ(Dot(a, b), dot) << n;
    ASSERT_EQ(DotExact(a.data(), b.data(), a.size()), dot_exact) << n;
    ASSERT_EQ(SquaredDistance(1.5, a.data(), b.data(), a.size()), distance) << n;
  }
}

// A bound that is safe but loose would make exact scans rerank everything.
TEST(SimdErrorBoundTest, StaysCloseToTheNumberOfRoundings) {
  for (size_t n = kLanes; n <= 65536; n *= 2) {
    const double roundings = static_cast<double>(n / kLanes + 4);
    EXPECT_GE(DotErrorFactor(n), roundings * 0x1p-24);
    EXPECT_LE(DotErrorFactor(n), (roundings + 2) * 0x1p-24 * 1.001);
  }
  EXPECT_LT(DotUnderflowGuard(65536), 1e-39);
}

}  // namespace
}  // namespace skalar::simd
