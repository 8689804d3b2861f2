// Scores of stored rows against one query: fast within proven bounds, and exact.

#ifndef SKALAR_SCORE_SCORER_H_
#define SKALAR_SCORE_SCORER_H_

#include <cstddef>
#include <cstdint>

#include "score/query.h"
#include "store/vector_store.h"

namespace skalar {

// Where the rank of a row lies. Rank is a monotone measure of nearness in which larger is nearer:
// the negated squared distance for euclidean, the negated score of other distances, else the score.
struct RankInterval {
  double low;
  double high;
};

class Scorer {
 public:
  static constexpr size_t kAtOnce = 16;

  // Float64 arithmetic on the way to a rank, relatively: a rounding of 2⁻⁵³ for every addition in a
  // lane, 4,096 at the most dimensions there may be, and a few more.
  static constexpr double kFloat64Slack = 1e-12;

  // A cosine as float32 kernels compute it, of a row of length in [1, 2) that is divided by it, and
  // a unit vector that is rounded to float32, both of `padded_dimension`, is off by at most this.
  static double DotError(size_t padded_dimension);

  // `query` must outlive the scorer.
  Scorer(const VectorStore::View& view, const Query& query);

  Metric metric() const { return metric_; }

  // Writes the query as a unit vector (zeros for a zero query), `stride` floats: what the float32
  // kernels multiply with.
  void WriteDirection(float* direction) const;

  // The interval that surely holds a row's rank, from the float32 dot product of its vector as it
  // is stored (store/row.h) with the query's direction, and its length. Requires:
  // IsOfProducts(metric()).
  RankInterval Bound(float dot, double norm) const;

  // The same of a row whose cosine with the query surely lies in an interval.
  RankInterval BoundOfCosine(double low, double high, double norm) const;

  // The intervals of at most kAtOnce live slots by metrics that are sums or maxima of differences.
  void Bound(const uint32_t* slots, size_t count, RankInterval* ranks) const;

  // The length of the query vector.
  double norm() const { return norm_; }

  // The score of a live slot, accumulated in float64: the same bits on every CPU. A vector is at
  // distance 0 from itself and any other of its direction at cosine 1, exactly; one without a
  // direction has the cosine 0.
  double Exact(uint32_t slot) const;

  // The scores of at most kAtOnce live slots, faster than one by one.
  void Exact(const uint32_t* slots, size_t count, double* scores) const;

  // The interval that exactly the rows of this score fall into.
  RankInterval Rank(double score) const;

  // True when score `a` is nearer than `b`.
  bool Nearer(double a, double b) const { return IsDistance(metric_) ? a < b : a > b; }

 private:
  // Constant after construction.
  const VectorStore::View& view_;
  const Metric metric_;
  const double center_;
  const Whitened* const whitened_;
  const float* const vector_;
  const double square_;  // |q|²
  const double norm_;
  const double dot_error_;
};

}  // namespace skalar

#endif  // SKALAR_SCORE_SCORER_H_
