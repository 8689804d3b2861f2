#include "hnsw/code_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace skalar::hnsw {
namespace {

// Nodes scored by one kernel call: their products stay in the first-level cache.
constexpr size_t kStride = 256;

// The roundings of two directions and of their rotations: at most 3 × 16 transforms of 2⁻²⁴ each,
// with a margin.
constexpr float kRotationError = 1e-5f;

// Float32 arithmetic on the way to a rank: a few roundings of 2⁻²⁴ of its terms, with a margin.
constexpr float kRoundings = 1e-6f;

// And what is lost where numbers are too small for it.
constexpr float kUnderflow = 1e-37f;

// Exact distances are rounded too, and among equal ones the slot decides: in float64 all that is
// much shorter than the query is at one distance.
constexpr float kTies = 1e-12f;

// Shorter than this relative to the reference length, float32 does not hold a length well.
constexpr float kShortest = 0x1p-90f;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// No cosine is beyond 1, and none that float64 makes of one of these.
constexpr double kFarthestCosine = 1 + 1e-6;

}  // namespace

CodeScan::CodeScan(const Graph::View& graph, const Moment& moment, const VectorStore::View& vectors,
                   const CodeQuery& query, const std::vector<float>& prepared, const Scorer& scorer,
                   Metric metric, const Ranker& ranker, AbortFlag abort)
    : graph_(graph),
      moment_(moment),
      vectors_(vectors),
      query_(query),
      scorer_(scorer),
      is_of_graph_(scorer.metric() == metric),
      ranker_(ranker),
      query_error_(query.Error(prepared.data()) + kRotationError),
      around_(kUnderflow + kTies * ranker.length * ranker.length),
      abort_(abort) {}

std::vector<uint32_t> CodeScan::Possible(size_t k, uint32_t excluded) const {
  Collector collector(k);
  for (size_t first = 0; first < moment_.nodes; first += kStride) {
    if (IsStopped(abort_)) break;
    // A stride never crosses the end of a chunk.
    const size_t count = std::min(kStride, moment_.nodes - first);
    const auto node = static_cast<uint32_t>(first);
    if (is_of_graph_) {
      const auto bound_of = [this](uint32_t, float product, float scale, float error, float bias,
                                   float length) {
        return RankOf(product, scale, error, bias, length);
      };
      ScanNodes(bound_of, node, count, excluded, &collector);
    } else {
      const auto bound_of = [this](uint32_t node, float product, float scale, float error, float,
                                   float length) {
        return ScoreRankOf(node, product, scale, error, length);
      };
      ScanNodes(bound_of, node, count, excluded, &collector);
    }
  }
  std::vector<uint32_t> slots;
  for (const Candidate& candidate : collector.Finish()) slots.push_back(candidate.slot);
  std::sort(slots.begin(), slots.end());
  return slots;
}

RankInterval CodeScan::RankOf(float product, float scale, float error, float bias,
                              float length) const {
  const float dot = scale * (ranker_.factor * product);
  const float weighted = ranker_.weight * bias;
  const float width = ranker_.length * (error + length * query_error_) +
                      kRoundings * (std::abs(dot) + std::abs(weighted)) + around_;
  const double rank = dot + weighted;
  return {rank - width, rank + width};
}

RankInterval CodeScan::ScoreRankOf(uint32_t node, float product, float scale, float error,
                                   float length) const {
  const uint32_t slot = graph_.SlotAt(node, moment_);
  if (slot == kNoSlot || !vectors_.IsLive(slot)) return {0, -kInfinity};
  const double norm = vectors_.NormOf(slot);
  if (!(length >= kShortest)) {
    return scorer_.BoundOfCosine(-kFarthestCosine, kFarthestCosine, norm);
  }
  const double cosine = scale / length * (query_.scale() * product);
  const double width = error / length + query_error_ + kRoundings * std::abs(cosine);
  return scorer_.BoundOfCosine(std::max(cosine - width, -kFarthestCosine),
                               std::min(cosine + width, kFarthestCosine), norm);
}

template <class BoundOf>
void CodeScan::ScanNodes(BoundOf bound_of, uint32_t first, size_t count, uint32_t excluded,
                         Collector* collector) const {
  static_assert(Graph::kChunkNodes % kStride == 0);
  float products[kStride];
  double highs[kStride];
  query_.MultiplyRows(graph_.Code(first), count, products);
  const Point* points = &graph_.PointOf(first);
  const Detail* details = &graph_.DetailOf(first);
  for (size_t i = 0; i < count; ++i) {
    const auto node = static_cast<uint32_t>(first + i);
    highs[i] = bound_of(node, products[i], points[i].scale, details[i].code_error, points[i].bias,
                        details[i].length)
                   .high;
  }
  for (size_t i = 0; i < count; ++i) {
    if (highs[i] < collector->floor()) continue;
    const auto node = static_cast<uint32_t>(first + i);
    const uint8_t* code = graph_.Code(node);
    const uint8_t* lower = graph_.Lower(node);
    float product;
    query_.MultiplyWhole(&code, &lower, 1, &product);
    const RankInterval bound = bound_of(node, product, details[i].scale, details[i].error,
                                        points[i].bias, details[i].length);
    if (bound.high < collector->floor()) continue;
    const uint32_t slot = graph_.SlotAt(node, moment_);
    if (slot == excluded || !vectors_.IsLive(slot)) continue;
    collector->Offer(slot, bound);
  }
}

}  // namespace skalar::hnsw
