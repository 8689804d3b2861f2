#include "quant/code.h"

#include <algorithm>
#include <cmath>

#include "simd/kernels.h"

namespace skalar {
namespace {

constexpr int32_t kZero = 127;
constexpr float kQuerySteps = 127;

// Standard deviations of a vector's components that a code reaches. The components of a rotated
// vector are about normal: with less, the few that are beyond cost more than finer steps gain.
// Recall and speed were alike from 2.7 to 4.
constexpr float kRange = 3;

// Components of one byte lie so far apart.
constexpr size_t kHalf = simd::kPlaneLanes / 2;

// Halves away from zero; what std::round does, in a form that compilers vectorize.
int32_t Round(float value) { return static_cast<int32_t>(value + std::copysign(0.5f, value)); }

// As a float32 that is not less; more than the roundings on the way to it.
float RoundedUp(double value) { return static_cast<float>(value * (1 + 1e-6)); }

float Largest(const float* vector, size_t n) {
  float largest = 0;
  for (size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(vector[i]));
  return largest;
}

// 1 / step of a vector's code; 0 for a zero vector.
float StepsPerUnit(const float* vector, size_t n) {
  double squares = 0;
  for (size_t i = 0; i < n; ++i) squares += static_cast<double>(vector[i]) * vector[i];
  const double deviation = std::sqrt(squares / static_cast<double>(n));
  return deviation > 0 ? static_cast<float>(kZero / (kRange * deviation)) : 0;
}

// Calls visit(first component, byte of the upper plane, byte of the lower one) for all bytes: the
// other component of a byte is kHalf behind.
template <class Visit>
void EachByte(const uint8_t* upper, const uint8_t* lower, size_t n, Visit visit) {
  for (size_t block = 0; block < n; block += simd::kPlaneLanes) {
    for (size_t j = 0; j < kHalf; ++j) visit(block + j, upper[block / 2 + j], lower[block / 2 + j]);
  }
}

// What the halves of two bytes stand for, in steps.
int32_t LowSteps(uint8_t upper, uint8_t lower) {
  return ((upper & 15) << 4 | (lower & 15)) - kZero;
}
int32_t HighSteps(uint8_t upper, uint8_t lower) { return ((upper & 240) | lower >> 4) - kZero; }

}  // namespace

size_t Components(size_t dimension) {
  return (dimension + simd::kPlaneLanes - 1) / simd::kPlaneLanes * simd::kPlaneLanes;
}

CodePair Encode(const float* vector, size_t n, uint8_t* upper, uint8_t* lower) {
  const float factor = StepsPerUnit(vector, n);
  // Sums of x̃ · x and x̃ · x̃ at scale 1.
  float product_both = 0, square_both = 0, product_upper = 0, square_upper = 0;
  const auto code_of = [&](float x) {
    // Clipped before it is an integer: a component may be far beyond the range.
    const int32_t steps = Round(std::clamp<float>(x * factor, -kZero, kZero));
    const int32_t c = kZero + steps;
    const int32_t odd = 2 * (c >> 4) - 15;
    product_both += x * static_cast<float>(steps);
    square_both += static_cast<float>(steps * steps);
    product_upper += x * static_cast<float>(odd);
    square_upper += static_cast<float>(odd * odd);
    return c;
  };
  for (size_t block = 0; block < n; block += simd::kPlaneLanes) {
    for (size_t j = 0; j < kHalf; ++j) {
      const int32_t low = code_of(vector[block + j]);
      const int32_t high = code_of(vector[block + kHalf + j]);
      upper[block / 2 + j] = static_cast<uint8_t>(low >> 4 | (high & 240));
      lower[block / 2 + j] = static_cast<uint8_t>((low & 15) | (high & 15) << 4);
    }
  }
  if (factor == 0) return {0, 0};
  return {product_both / square_both, product_upper / square_upper};
}

CodePair CodeErrors(const float* vector, size_t n, const uint8_t* upper, const uint8_t* lower,
                    const CodePair& scales) {
  double both = 0;
  double coarse = 0;
  const auto add = [&](float x, int32_t steps) {
    const double fine_error = x - static_cast<double>(scales.both) * steps;
    const double coarse_error =
        x - static_cast<double>(scales.upper) * (2 * ((steps + kZero) >> 4) - 15);
    both += fine_error * fine_error;
    coarse += coarse_error * coarse_error;
  };
  EachByte(upper, lower, n, [&](size_t i, uint8_t up, uint8_t down) {
    add(vector[i], LowSteps(up, down));
    add(vector[i + kHalf], HighSteps(up, down));
  });
  return {RoundedUp(std::sqrt(both)), RoundedUp(std::sqrt(coarse))};
}

float QueryError(const float* vector, size_t n, const CodeQuery& query) {
  double squares = 0;
  for (size_t i = 0; i < n; ++i) {
    const double difference = vector[i] - static_cast<double>(query.scale) * query.bytes[i];
    squares += difference * difference;
  }
  return RoundedUp(std::sqrt(squares));
}

void EncodeQuery(const float* vector, size_t n, CodeQuery* query) {
  const float largest = Largest(vector, n);
  const float factor = largest > 0 ? kQuerySteps / largest : 0;
  int32_t sum = 0;
  for (size_t i = 0; i < n; ++i) {
    const int32_t steps = Round(vector[i] * factor);
    query->bytes[i] = static_cast<int8_t>(steps);
    sum += steps;
  }
  query->sum = sum;
  query->scale = largest / kQuerySteps;
}

void QueryOfCode(const uint8_t* upper, const uint8_t* lower, size_t n, CodeQuery* query) {
  int32_t sum = 0;
  EachByte(upper, lower, n, [&](size_t i, uint8_t up, uint8_t down) {
    const int32_t low = LowSteps(up, down);
    const int32_t high = HighSteps(up, down);
    query->bytes[i] = static_cast<int8_t>(low);
    query->bytes[i + kHalf] = static_cast<int8_t>(high);
    sum += low + high;
  });
  query->sum = sum;
  query->scale = 1;
}

}  // namespace skalar
