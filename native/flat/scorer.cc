#include "flat/scorer.h"

#include <algorithm>
#include <cmath>

#include "simd/kernels.h"
#include "store/row.h"

namespace skalar {
namespace {

// Rounding the components of a query's direction to float32 moves it by at most 2⁻²⁴; doubled to
// cover the terms of second order, underflow, and what a stored row may have lost of it.
constexpr double kRounding = 0x1p-23;

// Float64 arithmetic on the way to a rank: a rounding of 2⁻⁵³ for every addition in a lane, 4,096
// at the most dimensions there may be, and a few more.
constexpr double kFloat64Slack = 1e-12;

// A cosine that rounding put beyond 1 belongs there.
double Within1(double cosine) { return std::clamp(cosine, -1.0, 1.0); }

}  // namespace

// The float32 kernels see a row of length in [1, 2) as it is and q̂ rounded to float32. Divided by
// that length, the product is off by the kernel's own error on vectors of length ≤ 1 + kRounding,
// by the rounding of q̂, and by that of the product itself.
Scorer::Scorer(const VectorStore::View& view, Metric metric, const Query& query)
    : view_(view),
      metric_(metric),
      vector_(query.vector.get()),
      square_(SquaredNorm(vector_, view.stride())),
      norm_(std::sqrt(square_)),
      dot_error_(simd::DotErrorFactor(view.stride()) * (1 + 2 * kRounding) + 2 * kRounding) {}

void Scorer::WriteDirection(float* direction) const {
  // Multiplied, which is faster: what it misses, of the 53rd bit, is far below the rounding to
  // float32.
  const double inverse = norm_ > 0 ? 1 / norm_ : 0;
  for (size_t i = 0; i < view_.stride(); ++i) {
    direction[i] = static_cast<float>(vector_[i] * inverse);
  }
}

RankInterval Scorer::Bound(float dot, double norm) const {
  const double cosine = dot / ScaledNorm(norm);
  switch (metric_) {
    case Metric::kCosine:
      return {cosine - dot_error_, cosine + dot_error_};
    case Metric::kDot: {
      const double scale = norm * norm_;
      return {scale * (cosine - dot_error_), scale * (cosine + dot_error_)};
    }
    case Metric::kEuclidean: {
      // −|x − q|² = 2 |x||q| cos − |x|² − |q|².
      const double cross = 2 * norm * norm_;
      const double squares = norm * norm + square_;
      const double error = cross * dot_error_ + kFloat64Slack * squares;
      const double rank = cross * cosine - squares;
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
  for (size_t i = 0; i < count; ++i) rows[i] = view_.Row(slots[i]);
  if (metric_ == Metric::kCosine) {
    // The root of a square is what was squared, so that equal vectors come to exactly 1; and the
    // scale of the row cancels.
    double squares[kAtOnce];
    kernels.dot_and_square_exact(vector_, rows, count, n, scores, squares);
    for (size_t i = 0; i < count; ++i) {
      scores[i] = Within1(scores[i] / std::sqrt(squares[i] * square_));
    }
    return;
  }
  double scales[kAtOnce];
  for (size_t i = 0; i < count; ++i) scales[i] = ScaleOf(view_.NormOf(slots[i]));
  if (metric_ == Metric::kDot) {
    kernels.dot_exact(vector_, rows, count, n, scores);
    for (size_t i = 0; i < count; ++i) scores[i] *= scales[i];
  } else {
    kernels.squared_distance_exact(vector_, rows, scales, count, n, scores);
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
