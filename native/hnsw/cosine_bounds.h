// Where the cosine of a query and a row surely lies, by the row's code.
//
// For a vector x, a query q of length 1, and what their codes stand for,
//   |x·q − x̃·q̃| <= |x − x̃||q| + |x̃||q − q̃| <= |x − x̃| + |x||q − q̃|,
// since x̃ is the nearest multiple of its code to x, and so not longer. It is divided by |x|.

#ifndef SKALAR_HNSW_COSINE_BOUNDS_H_
#define SKALAR_HNSW_COSINE_BOUNDS_H_

#include <algorithm>
#include <cmath>

#include "quant/code.h"

namespace skalar::hnsw {

class CosineBounds {
 public:
  // The roundings of two directions and of their rotations: at most 3 × 16 transforms of 2⁻²⁴ each,
  // with a margin.
  static constexpr float kRotationError = 1e-5f;
  // Float32 arithmetic on the way to a rank: a few roundings of 2⁻²⁴ of its terms, with a margin.
  static constexpr float kRoundings = 1e-6f;
  // No cosine is beyond 1, and none that float64 makes of one of these.
  static constexpr double kFarthest = 1 + 1e-6;

  struct Interval {
    double low;
    double high;
  };

  // `query` was made of `prepared`, a direction, and is of planes; it outlives this.
  CosineBounds(const CodeQuery& query, const float* prepared)
      : query_(query), query_error_(query.Error(prepared) + kRotationError) {}

  // By a product with a code, and the scale, the error and the length of what was multiplied
  // (hnsw/graph.h).
  Interval Of(float product, float scale, float error, float length) const {
    // Shorter than this relative to the reference length, float32 does not hold a length well.
    constexpr float kShortest = 0x1p-90f;
    if (!(length >= kShortest)) return {-kFarthest, kFarthest};
    const double cosine = scale / length * (query_.scale() * product);
    const double width = error / length + query_error_ + kRoundings * std::abs(cosine);
    return {std::max(cosine - width, -kFarthest), std::min(cosine + width, kFarthest)};
  }

  float query_error() const { return query_error_; }

 private:
  const CodeQuery& query_;
  const float query_error_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_COSINE_BOUNDS_H_
