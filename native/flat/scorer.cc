#include "flat/scorer.h"

#include <cmath>

#include "simd/kernels.h"
#include "store/row.h"

namespace skalar {
namespace {

// Rounding a unit vector's components to float32 moves it, and so changes its length, by at most
// 2⁻²⁴; doubled to cover the terms of second order.
constexpr double kRounding = 0x1p-23;

// Float64 arithmetic on the way to a rank: a few roundings of 2⁻⁵³ each, with a wide margin.
constexpr double kFloat64Slack = 1e-13;

}  // namespace

// The float32 kernels see x̂ as stored and q̂ rounded to float32. Against the true x̂·q̂ that is the
// kernel's own error on vectors of length ≤ 1 + kRounding, plus the rounding of q̂.
Scorer::Scorer(const VectorStore::View& view, Metric metric, const Query& query)
    : view_(view),
      metric_(metric),
      vector_(query.vector.get()),
      norm_(Norm(vector_, view.stride())),
      dot_error_(simd::DotErrorFactor(view.stride()) * (1 + 4 * kRounding) + 2 * kRounding) {}

void Scorer::WriteDirection(float* direction) const {
  // Multiplied, which is faster: what it misses, of the 53rd bit, is far below the rounding to
  // float32.
  const double inverse = norm_ > 0 ? 1 / norm_ : 0;
  for (size_t i = 0; i < view_.stride(); ++i) {
    direction[i] = static_cast<float>(vector_[i] * inverse);
  }
}

RankInterval Scorer::Bound(float dot, double norm) const {
  switch (metric_) {
    case Metric::kCosine:
      return {dot - dot_error_, dot + dot_error_};
    case Metric::kDot: {
      const double scale = norm * norm_;
      return {scale * (dot - dot_error_), scale * (dot + dot_error_)};
    }
    case Metric::kEuclidean: {
      // −|x − q|² = 2 |x||q| x̂·q̂ − |x|²|x̂|² − |q|², where |x̂|² is 1 within 2·kRounding.
      const double cross = 2 * norm * norm_;
      const double squares = norm * norm + norm_ * norm_;
      const double error =
          cross * dot_error_ + 2 * kRounding * norm * norm + kFloat64Slack * squares;
      const double rank = cross * dot - squares;
      return {rank - error, rank + error};
    }
  }
  return {};
}

double Scorer::Exact(uint32_t slot) const {
  double score;
  Exact(&slot, 1, &score);
  return score;
}

void Scorer::Exact(const uint32_t* slots, size_t count, double* scores) const {
  const simd::Kernels& kernels = simd::Active();
  const size_t n = view_.stride();
  const float* rows[kAtOnce];
  double norms[kAtOnce];
  for (size_t i = 0; i < count; ++i) rows[i] = view_.Row(slots[i]);
  if (metric_ == Metric::kCosine) {
    kernels.dot_exact(vector_, rows, count, n, scores);
    for (size_t i = 0; i < count; ++i) scores[i] /= norm_;
    return;
  }
  for (size_t i = 0; i < count; ++i) norms[i] = view_.NormOf(slots[i]);
  if (metric_ == Metric::kDot) {
    kernels.dot_exact(vector_, rows, count, n, scores);
    for (size_t i = 0; i < count; ++i) scores[i] *= norms[i];
  } else {
    kernels.squared_distance_exact(vector_, rows, norms, count, n, scores);
    for (size_t i = 0; i < count; ++i) scores[i] = std::sqrt(scores[i]);
  }
}

RankInterval Scorer::Rank(double score) const {
  if (metric_ != Metric::kEuclidean) {
    // Exact scores carry a few roundings of their own.
    const double slack = kFloat64Slack * std::abs(score);
    return {score - slack, score + slack};
  }
  // Signed, so that a negative threshold or mark, which no row has, still ranks in front of all.
  const double square = score * std::abs(score);
  const double slack = kFloat64Slack * std::abs(square);
  return {-square - slack, -square + slack};
}

}  // namespace skalar
