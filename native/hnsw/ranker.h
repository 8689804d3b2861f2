// How near nodes are, judged by their codes: larger is nearer.
//
// With C the product of a query and a code (quant/code.h), a rank is
//   scale · factor · C + weight · bias + constant,
// where the scale is that of what was multiplied: the code alone, or all there is.
//
// Norms are taken relative to a reference length R, so that float32 holds them. Then
//   cosine     scale = s, the code's own  bias unused
//   euclidean  scale = |x| s              bias = |x|² / 2           rank (|q|² − |x − q|²) / 2
//   dot        scale = |x| s              bias = √(1 − |x|²), or 0 where |x| > 1
// For dot a query's rank is x·q. Among rows, which must be linked so that any of them can be found,
// bias is one component more: it makes short vectors neighbours of each other, and not of the
// longest only. R is a norm that two in five vectors exceed (hnsw/index.cc).

#ifndef SKALAR_HNSW_RANKER_H_
#define SKALAR_HNSW_RANKER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "hnsw/graph.h"
#include "quant/code.h"
#include "score/query.h"

namespace skalar::hnsw {

// What turns products of one query into ranks.
struct Ranker {
  float factor = 0;
  float weight = 0;
  float constant = 0;
  // The rank at distance 0; dot has no distance.
  float nearest = 1;
  // How far off all ranks are in proportion to: the query's length where they depend on it, else 1.
  float length = 1;

  float Rank(float product, float scale, float bias) const {
    return scale * (factor * product) + weight * bias + constant;
  }
};

inline constexpr double kLongest = 0x1p50;

// A norm relative to the reference length; bounded, so that its square is a float32.
inline float Relative(double norm, double reference) {
  return static_cast<float>(std::min(norm / reference, kLongest));
}

// Of a node whose code has these scales and errors. In float32 a norm that had to be bounded leaves
// any distance possible.
inline Point PointFor(Metric metric, const CodeNumbers& numbers, double norm, double reference) {
  const float scale = numbers.scales.code;
  if (metric == Metric::kCosine) return {scale, 0};
  const float length = Relative(norm, reference);
  if (metric == Metric::kEuclidean) return {length * scale, length * length / 2};
  return {length * scale, std::sqrt(std::max(0.0f, 1 - length * length))};
}

inline Detail DetailFor(Metric metric, const CodeNumbers& numbers, double norm, double reference) {
  const auto& [scales, errors] = numbers;
  if (metric == Metric::kCosine) return {scales.whole, errors.whole, errors.code, 1};
  const float length = Relative(norm, reference);
  if (norm > kLongest * reference) {
    constexpr float kAny = std::numeric_limits<float>::infinity();
    return {length * scales.whole, kAny, kAny, length};
  }
  return {length * scales.whole, length * errors.whole, length * errors.code, length};
}

// For a query of the user's. `norm` is the query vector's.
inline Ranker RankerOfQuery(Metric metric, float scale, double norm, double reference) {
  if (metric != Metric::kEuclidean) return {scale, 0, 0};
  const float length = Relative(norm, reference);
  return {scale * length, -1, 0, length * length / 2, length};
}

// For a node in the part of the query, by all of its code. Among ranks by whole codes it makes
// rank(x, y) = rank(y, x).
inline Ranker RankerOfNode(Metric metric, const Detail& detail, float bias) {
  if (metric == Metric::kEuclidean) return {detail.scale, -1, -bias, 0};
  return {detail.scale, metric == Metric::kDot ? bias : 0, 0};
}

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_RANKER_H_
