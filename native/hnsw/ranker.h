// How near nodes are, judged by their codes: larger is nearer.
//
// With C the product of two codes' integers, offsets taken off, a rank is
//   point.scale · factor · C + weight · point.bias + constant.
//
// Norms are taken relative to a reference length R, so that float32 holds them. Then
//   cosine     scale = s, the code's own;      bias unused.
//   euclidean  scale = |x| s;                  bias = |x|² / 2;          rank −|x − q|² / 2 (+ |q|²
//   / 2). dot        scale = |x| s;                  bias = √(1 − |x|²), or 0 where |x| > 1.
// For dot a query's rank is x·q. Among rows, which must be linked so that any of them can be found,
// bias is one component more: it makes short vectors neighbours of each other, and not of the
// longest only (docs/hnswlib.md has the measurement behind R).

#ifndef SKALAR_HNSW_RANKER_H_
#define SKALAR_HNSW_RANKER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "flat/query.h"
#include "hnsw/graph.h"
#include "quant/code.h"

namespace skalar::hnsw {

// What turns integer products of one query into ranks.
struct Ranker {
  float factor = 0;
  float weight = 0;
  float constant = 0;
  // How far off all ranks are in proportion to: the query's length where they depend on it, else 1.
  float length = 1;

  float Rank(int32_t product, int32_t offset, const Point& point) const {
    return point.scale * (factor * static_cast<float>(product - offset)) + weight * point.bias +
           constant;
  }
};

inline constexpr double kLongest = 0x1p50;

// A norm relative to the reference length; bounded, so that its square is a float32.
inline float Relative(double norm, double reference) {
  return static_cast<float>(std::min(norm / reference, kLongest));
}

// A node's point; `scale` is its code's.
inline Point PointFor(Metric metric, float scale, double norm, double reference) {
  if (metric == Metric::kCosine) return {scale, 0};
  const float length = Relative(norm, reference);
  if (metric == Metric::kEuclidean) return {length * scale, length * length / 2};
  return {length * scale, std::sqrt(std::max(0.0f, 1 - length * length))};
}

// How far off a node's rank can be; `error` is its code's. Any distance where the norm had to be
// bounded.
inline Doubt DoubtFor(Metric metric, float error, double norm, double reference) {
  if (metric == Metric::kCosine) return {error, 1};
  const float length = Relative(norm, reference);
  const bool bounded = norm > kLongest * reference;
  return {bounded ? std::numeric_limits<float>::infinity() : length * error, length};
}

// For a query of the user's. `norm` is the query vector's.
inline Ranker RankerOfQuery(Metric metric, float scale, double norm, double reference) {
  if (metric != Metric::kEuclidean) return {scale, 0, 0};
  const float length = Relative(norm, reference);
  return {scale * length, -1, 0, length};
}

// For a node in the part of the query. With it rank(x, y) = rank(y, x).
inline Ranker RankerOfNode(Metric metric, const Point& point) {
  switch (metric) {
    case Metric::kCosine:
      return {point.scale, 0, 0};
    case Metric::kEuclidean:
      return {point.scale, -1, -point.bias};
    case Metric::kDot:
      return {point.scale, point.bias, 0};
  }
  return {};
}

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_RANKER_H_
