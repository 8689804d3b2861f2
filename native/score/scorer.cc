#include "score/scorer.h"

#include <algorithm>
#include <cmath>

#include "score/whitened.h"
#include "simd/kernels.h"
#include "store/row.h"

namespace skalar {
namespace {

// Rounding the components of a query's direction to float32 moves it by at most 2⁻²⁴; doubled to
// cover the terms of second order, underflow, and what a stored row may have lost of it.
constexpr double kRounding = 0x1p-23;

// A cosine that rounding put beyond 1 belongs there.
double Within1(double cosine) { return std::clamp(cosine, -1.0, 1.0); }

}  // namespace

// The float32 kernels see a row of length in [1, 2) as it is and q̂ rounded to float32. Divided by
// that length, the product is off by the kernel's own error on vectors of length ≤ 1 + kRounding,
// by the rounding of q̂, and by that of the product itself.
double Scorer::DotError(size_t padded_dimension) {
  return simd::DotErrorFactor(padded_dimension) * (1 + 2 * kRounding) + 2 * kRounding;
}

Scorer::Scorer(const VectorStore::View& view, const Query& query)
    : view_(view),
      metric_(query.metric),
      center_(query.center),
      whitened_(query.whitened.get()),
      vector_(query.vector.get()),
      square_(SquaredNorm(vector_, view.stride())),
      norm_(std::sqrt(square_)),
      dot_error_(DotError(view.stride())) {}

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
  return BoundOfCosine(cosine - dot_error_, cosine + dot_error_, norm);
}

RankInterval Scorer::BoundOfCosine(double low, double high, double norm) const {
  switch (metric_) {
    case Metric::kCosine:
      return {low, high};
    case Metric::kDot: {
      const double scale = norm * norm_;
      return {scale * low, scale * high};
    }
    case Metric::kApart: {
      const double scale = norm * norm_;
      const double from = scale * low - center_;
      const double to = scale * high - center_;
      const double slack = kFloat64Slack * (scale + std::abs(center_));
      const double farthest = std::max(std::abs(from), std::abs(to)) + slack;
      if (from <= 0 && to >= 0) return {0, farthest};
      return {std::min(std::abs(from), std::abs(to)) - slack, farthest};
    }
    case Metric::kEuclidean: {
      // −|x − q|² = 2 |x||q| cos − |x|² − |q|².
      const double cross = 2 * norm * norm_;
      const double squares = norm * norm + square_;
      const double slack = kFloat64Slack * squares;
      return {cross * low - squares - slack, cross * high - squares + slack};
    }
    case Metric::kChebyshev:
    case Metric::kManhattan:
    case Metric::kMahalanobis:
      break;
  }
  return {};
}

void Scorer::Bound(const uint32_t* slots, size_t count, RankInterval* ranks) const {
  const simd::Kernels& kernels = simd::Active();
  const size_t n = view_.stride();
  const float* rows[kAtOnce];
  float scales[kAtOnce];
  float distances[kAtOnce];
  for (size_t i = 0; i < count; ++i) {
    rows[i] = view_.Row(slots[i]);
    // Beyond float32 it is infinite, and so is the distance.
    scales[i] = static_cast<float>(ScaleOf(view_.NormOf(slots[i])));
  }
  const auto measure =
      metric_ == Metric::kManhattan ? kernels.sum_of_differences : kernels.largest_difference;
  measure(vector_, rows, scales, count, n, distances);
  // A rounding for each difference and each addition, all of numbers that are not negative.
  const double error = kRounding * (static_cast<double>(n) / simd::kLanes + 8);
  for (size_t i = 0; i < count; ++i) {
    const double distance = distances[i];
    if (std::isfinite(distance)) {
      ranks[i] = {-distance * (1 + error), -distance * (1 - error)};
    } else {
      ranks[i] = Rank(Exact(slots[i]));
    }
  }
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
      const double lengths = std::sqrt(squares[i] * square_);
      scores[i] = lengths > 0 ? Within1(scores[i] / lengths) : 0;
    }
    return;
  }
  double scales[kAtOnce];
  for (size_t i = 0; i < count; ++i) scales[i] = ScaleOf(view_.NormOf(slots[i]));
  switch (metric_) {
    case Metric::kEuclidean:
      kernels.squared_distance_exact(vector_, rows, scales, count, n, scores);
      for (size_t i = 0; i < count; ++i) scores[i] = std::sqrt(scores[i]);
      return;
    case Metric::kChebyshev:
      kernels.largest_difference_exact(vector_, rows, scales, count, n, scores);
      return;
    case Metric::kManhattan:
      kernels.sum_of_differences_exact(vector_, rows, scales, count, n, scores);
      return;
    case Metric::kMahalanobis:
      whitened_->precision->Exact(vector_, rows, scales, count, scores);
      return;
    default:
      kernels.dot_exact(vector_, rows, count, n, scores);
      for (size_t i = 0; i < count; ++i) scores[i] *= scales[i];
      if (metric_ != Metric::kApart) return;
      for (size_t i = 0; i < count; ++i) scores[i] = std::abs(scores[i] - center_);
  }
}

RankInterval Scorer::Rank(double score) const {
  if (metric_ != Metric::kEuclidean) {
    const double rank = IsDistance(metric_) ? -score : score;
    // Exact scores carry a few roundings of their own.
    const double slack = kFloat64Slack * std::abs(score);
    return {rank - slack, rank + slack};
  }
  // Signed, so that a negative threshold or mark, which no row has, still ranks in front of all.
  const double square = score * std::abs(score);
  const double slack = kFloat64Slack * std::abs(square);
  return {-square - slack, -square + slack};
}

}  // namespace skalar
