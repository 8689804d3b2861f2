// What is asked of a search, and what comes back.

#ifndef SKALAR_SCORE_QUERY_H_
#define SKALAR_SCORE_QUERY_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace skalar {

// Never to change: the numbers cross Node-API (src/native.ts).
//
// kCosine, kDot and kEuclidean are functions of a dot product and two lengths, and what graphs are
// made for. kApart is |x·q − center|, larger being nearer: the order of an even power. kMahalanobis
// is √((x − q)ᵀ P (x − q)).
enum class Metric : uint32_t {
  kCosine = 0,
  kDot = 1,
  kEuclidean = 2,
  kChebyshev = 3,
  kManhattan = 4,
  kApart = 5,
  kMahalanobis = 6,
};

// Whether less is nearer.
inline constexpr bool IsDistance(Metric metric) {
  return metric == Metric::kEuclidean || metric == Metric::kChebyshev ||
         metric == Metric::kManhattan || metric == Metric::kMahalanobis;
}

// Whether float32 dot products of rows tell where a score lies.
inline constexpr bool IsOfProducts(Metric metric) {
  return metric != Metric::kChebyshev && metric != Metric::kManhattan &&
         metric != Metric::kMahalanobis;
}

inline constexpr uint32_t kNoSlot = std::numeric_limits<uint32_t>::max();

// The slots a search may return: ascending, no slot twice.
using SlotList = std::shared_ptr<const std::vector<uint32_t>>;

struct Hit {
  uint32_t slot;
  double score;
};

// A vector as it was given, padded with zeros to `stride` floats, all of them finite.
using QueryVector = std::shared_ptr<const float>;

// In memory that outlives the query.
inline QueryVector Borrowed(const float* padded) { return {QueryVector(), padded}; }
inline QueryVector Owned(std::vector<float> padded) {
  const auto owner = std::make_shared<const std::vector<float>>(std::move(padded));
  return {owner, owner->data()};
}

struct Whitened;  // score/whitened.h

struct Query {
  QueryVector vector;
  Metric metric = Metric::kCosine;
  // Of kApart.
  double center = 0;
  // Of kMahalanobis: P, and what is known of the store's rows at the same moment.
  std::shared_ptr<const Whitened> whitened;
  // At most this many hits; at least 1.
  size_t k = 10;
  // Only hits at least this near, in the metric's direction.
  std::optional<double> threshold;
  // Only hits that stand behind this one in the total order (score, then slot). With kNoSlot: only
  // hits with a worse score.
  std::optional<Hit> after;
  // Never returned.
  uint32_t excluded = kNoSlot;
  // When present, nothing else is returned.
  SlotList allowed;
  // The answer is that of a scan of all rows.
  bool exact = false;
  // How many candidates a walk through a graph considers; `k` raises it. A scan has no use for it.
  size_t ef = 100;
};

// Nearest first; equal scores by ascending slot.
struct Hits {
  std::vector<Hit> hits;
  // Nodes of a graph whose neighbours were looked at; 0 of a scan.
  size_t visited = 0;
  // Rows whose approximate score was computed; rows of these that seemed near enough to look at;
  // and of those the ones that were scored exactly.
  size_t distances = 0;
  size_t candidates = 0;
  size_t reranked = 0;
};

}  // namespace skalar

#endif  // SKALAR_SCORE_QUERY_H_
