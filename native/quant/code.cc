#include "quant/code.h"

#include <algorithm>
#include <cmath>
#include <cstring>

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

// Products of one kernel call: few enough for the stack.
constexpr size_t kAtOnce = 256;

size_t RoundedUp(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// Halves away from zero; what std::round does, in a form that compilers vectorize.
int32_t Round(float value) { return static_cast<int32_t>(value + std::copysign(0.5f, value)); }

// As a float32 that is not less; more than the roundings on the way to it.
float NotLess(double value) { return static_cast<float>(value * (1 + 1e-6)); }

// In lanes, since each comparison waits for the one before. Requires: n is a multiple of kLanes.
float Largest(const float* vector, size_t n) {
  float lanes[simd::kLanes] = {};
  for (size_t i = 0; i < n; i += simd::kLanes) {
    for (size_t j = 0; j < simd::kLanes; ++j) {
      lanes[j] = std::max(lanes[j], std::abs(vector[i + j]));
    }
  }
  return *std::max_element(lanes, lanes + simd::kLanes);
}

// 1 / step of a vector's code; 0 for a zero vector.
float StepsPerUnit(const float* vector, size_t n) {
  double squares = 0;
  for (size_t i = 0; i < n; ++i) squares += static_cast<double>(vector[i]) * vector[i];
  const double deviation = std::sqrt(squares / static_cast<double>(n));
  return deviation > 0 ? static_cast<float>(kZero / (kRange * deviation)) : 0;
}

// What a component of the upper plane stands for, in half steps of it.
int32_t UpperSteps(int32_t upper) { return 2 * upper - 15; }

// Calls visit(first component, byte of the upper plane, byte of the lower one or 0) for all bytes:
// the other component of a byte is kHalf behind.
template <class Visit>
void EachByte(const uint8_t* upper, const uint8_t* lower, size_t n, Visit visit) {
  for (size_t block = 0; block < n; block += simd::kPlaneLanes) {
    for (size_t j = 0; j < kHalf; ++j) {
      const size_t i = block / 2 + j;
      visit(block + j, upper[i], lower == nullptr ? uint8_t{0} : lower[i]);
    }
  }
}

// Calls visit(component, its four upper bits, its four lower ones).
template <class Visit>
void EachComponent(const uint8_t* upper, const uint8_t* lower, size_t n, Visit visit) {
  EachByte(upper, lower, n, [&](size_t i, uint8_t up, uint8_t down) {
    visit(i, up & 15, down & 15);
    visit(i + kHalf, up >> 4, down >> 4);
  });
}

CodePair EncodePlanes(const float* vector, size_t n, uint8_t* upper, uint8_t* lower) {
  const float factor = StepsPerUnit(vector, n);
  // Sums of x̃ · x and x̃ · x̃ at scale 1.
  float product_whole = 0, square_whole = 0, product_code = 0, square_code = 0;
  const auto code_of = [&](float x) {
    // Clipped before it is an integer: a component may be far beyond the range.
    const int32_t steps = Round(std::clamp<float>(x * factor, -kZero, kZero));
    const int32_t c = kZero + steps;
    const int32_t odd = UpperSteps(c >> 4);
    product_whole += x * static_cast<float>(steps);
    square_whole += static_cast<float>(steps * steps);
    product_code += x * static_cast<float>(odd);
    square_code += static_cast<float>(odd * odd);
    return c;
  };
  for (size_t block = 0; block < n; block += simd::kPlaneLanes) {
    for (size_t j = 0; j < kHalf; ++j) {
      const int32_t low = code_of(vector[block + j]);
      const int32_t high = code_of(vector[block + kHalf + j]);
      upper[block / 2 + j] = static_cast<uint8_t>(low >> 4 | (high & 240));
      if (lower == nullptr) continue;
      lower[block / 2 + j] = static_cast<uint8_t>((low & 15) | (high & 15) << 4);
    }
  }
  if (factor == 0) return {0, 0};
  const float scale = product_code / square_code;
  return {lower == nullptr ? scale : product_whole / square_whole, scale};
}

CodePair PlaneErrors(const float* vector, size_t n, const uint8_t* upper, const uint8_t* lower,
                     const CodePair& scales) {
  double whole = 0;
  double code = 0;
  EachComponent(upper, lower, n, [&](size_t i, int32_t up, int32_t down) {
    const double fine = vector[i] - static_cast<double>(scales.whole) * (16 * up + down - kZero);
    const double coarse = vector[i] - static_cast<double>(scales.code) * UpperSteps(up);
    whole += fine * fine;
    code += coarse * coarse;
  });
  const float error = NotLess(std::sqrt(code));
  return {lower == nullptr ? error : NotLess(std::sqrt(whole)), error};
}

}  // namespace

CodeFormat::CodeFormat(Codes codes, size_t dimension)
    : codes_(codes),
      dimension_(dimension),
      components_(RoundedUp(dimension, planes() ? simd::kPlaneLanes : simd::kLanes)),
      rotation_(planes() ? std::make_shared<const Rotation>(components_) : nullptr) {}

void CodeFormat::Prepare(float* prepared) const {
  std::fill(prepared + dimension_, prepared + components_, 0.0f);
  if (rotation_ != nullptr) rotation_->Apply(prepared);
}

CodeNumbers Encode(const CodeFormat& format, const float* prepared, uint8_t* code, uint8_t* lower) {
  const size_t n = format.components();
  if (!format.planes()) {
    std::memcpy(code, prepared, format.code_bytes());
    const float scale = Largest(prepared, n) > 0 ? 1 : 0;
    return {{scale, scale}, {0, 0}};
  }
  if (!format.has_lower()) lower = nullptr;
  const CodePair scales = EncodePlanes(prepared, n, code, lower);
  return {scales, PlaneErrors(prepared, n, code, lower, scales)};
}

CodeQuery::CodeQuery(const CodeFormat& format)
    : components_(format.components()), has_lower_(format.has_lower()) {
  if (format.planes()) {
    bytes_ = NewAligned<int8_t>(components_);
  } else {
    floats_ = NewAligned<float>(components_);
  }
}

void CodeQuery::SetVector(const float* prepared) {
  if (floats_ != nullptr) {
    std::copy_n(prepared, components_, floats_.get());
    scale_ = 1;
    return;
  }
  const float largest = Largest(prepared, components_);
  const float factor = largest > 0 ? kQuerySteps / largest : 0;
  int32_t sum = 0;
  for (size_t i = 0; i < components_; ++i) {
    const int32_t steps = Round(prepared[i] * factor);
    bytes_[i] = static_cast<int8_t>(steps);
    sum += steps;
  }
  sum_ = sum;
  scale_ = largest / kQuerySteps;
}

void CodeQuery::SetCode(const uint8_t* code, const uint8_t* lower) {
  scale_ = 1;
  if (floats_ != nullptr) {
    std::memcpy(floats_.get(), code, components_ * sizeof(float));
    return;
  }
  int32_t sum = 0;
  EachComponent(code, has_lower_ ? lower : nullptr, components_,
                [&](size_t i, int32_t up, int32_t down) {
                  const int32_t steps = has_lower_ ? 16 * up + down - kZero : UpperSteps(up);
                  bytes_[i] = static_cast<int8_t>(steps);
                  sum += steps;
                });
  sum_ = sum;
}

float CodeQuery::Error(const float* prepared) const {
  double squares = 0;
  for (size_t i = 0; i < components_; ++i) {
    const double difference = prepared[i] - static_cast<double>(scale_) * bytes_[i];
    squares += difference * difference;
  }
  return NotLess(std::sqrt(squares));
}

void CodeQuery::Multiply(const uint8_t* const* codes, size_t count, float* products) const {
  const simd::Kernels& kernels = simd::Active();
  const float* rows[kAtOnce];
  int32_t uppers[kAtOnce];
  for (size_t first = 0; first < count; first += kAtOnce) {
    const size_t few = std::min(kAtOnce, count - first);
    if (floats_ != nullptr) {
      for (size_t i = 0; i < few; ++i) rows[i] = reinterpret_cast<const float*>(codes[first + i]);
      kernels.dot_gather(floats_.get(), rows, few, components_, products + first);
      continue;
    }
    kernels.dot_planes(bytes_.get(), codes + first, few, components_, uppers);
    for (size_t i = 0; i < few; ++i) products[first + i] = static_cast<float>(OfUpper(uppers[i]));
  }
}

void CodeQuery::MultiplyRows(const uint8_t* codes, size_t count, float* products) const {
  int32_t uppers[kAtOnce];
  for (size_t first = 0; first < count; first += kAtOnce) {
    const size_t few = std::min(kAtOnce, count - first);
    simd::Active().dot_plane_rows(bytes_.get(), codes + first * components_ / 2, few, components_,
                                  uppers);
    for (size_t i = 0; i < few; ++i) products[first + i] = static_cast<float>(OfUpper(uppers[i]));
  }
}

void CodeQuery::MultiplyWhole(const uint8_t* const* codes, const uint8_t* const* lowers,
                              size_t count, float* products) const {
  if (!has_lower_) return Multiply(codes, count, products);
  const simd::Kernels& kernels = simd::Active();
  int32_t uppers[kAtOnce];
  int32_t lows[kAtOnce];
  for (size_t first = 0; first < count; first += kAtOnce) {
    const size_t few = std::min(kAtOnce, count - first);
    kernels.dot_planes(bytes_.get(), codes + first, few, components_, uppers);
    kernels.dot_planes(bytes_.get(), lowers + first, few, components_, lows);
    for (size_t i = 0; i < few; ++i) {
      products[first + i] = static_cast<float>(OfBoth(uppers[i], lows[i]));
    }
  }
}

}  // namespace skalar
