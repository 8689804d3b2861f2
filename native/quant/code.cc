#include "quant/code.h"

#include <algorithm>
#include <cmath>

#include "simd/kernels.h"

namespace skalar {
namespace {

constexpr int32_t kZero = 64;
constexpr float kCodeSteps = 63;
constexpr float kQuerySteps = 127;

float Largest(const float* vector, size_t n) {
  float largest = 0;
  for (size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(vector[i]));
  return largest;
}

// Halves away from zero; what std::round does, in a form that compilers vectorize.
int32_t Round(float value) { return static_cast<int32_t>(value + std::copysign(0.5f, value)); }

// As a float32 that is not less; more than the roundings on the way to it.
float RoundedUp(double value) { return static_cast<float>(value * (1 + 1e-6)); }

}  // namespace

size_t CodeBytes(size_t dimension) {
  return (dimension + simd::kCodeLanes - 1) / simd::kCodeLanes * simd::kCodeLanes;
}

float Encode(const float* vector, size_t n, uint8_t* code) {
  const float largest = Largest(vector, n);
  const float factor = largest > 0 ? kCodeSteps / largest : 0;
  float product = 0;
  float square = 0;
  for (size_t i = 0; i < n; ++i) {
    const int32_t steps = Round(vector[i] * factor);
    code[i] = static_cast<uint8_t>(kZero + steps);
    product += vector[i] * static_cast<float>(steps);
    square += static_cast<float>(steps * steps);
  }
  return largest > 0 ? product / square : 0;
}

float CodeError(const float* vector, size_t n, const uint8_t* code, float scale) {
  double squares = 0;
  for (size_t i = 0; i < n; ++i) {
    const double difference = vector[i] - static_cast<double>(scale) * (code[i] - kZero);
    squares += difference * difference;
  }
  return RoundedUp(std::sqrt(squares));
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
  query->offset = kZero * sum;
  query->scale = largest / kQuerySteps;
}

void QueryOfCode(const uint8_t* code, size_t n, CodeQuery* query) {
  int32_t sum = 0;
  for (size_t i = 0; i < n; ++i) {
    const int32_t steps = code[i] - kZero;
    query->bytes[i] = static_cast<int8_t>(steps);
    sum += steps;
  }
  query->offset = kZero * sum;
  query->scale = 1;
}

}  // namespace skalar
