#include "hnsw/code_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace skalar::hnsw {
namespace {

// Nodes scored by one kernel call: their products stay in the first-level cache.
constexpr size_t kStride = 256;

// What float32 arithmetic loses where numbers are too small for it.
constexpr float kUnderflow = 1e-37f;

// Exact distances are rounded too, and among equal ones the slot decides: in float64 all that is
// much shorter than the query is at one distance.
constexpr float kTies = 1e-12f;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

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
      cosines_(query, prepared.data()),
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
  const float width = ranker_.length * (error + length * cosines_.query_error()) +
                      CosineBounds::kRoundings * (std::abs(dot) + std::abs(weighted)) + around_;
  const double rank = dot + weighted;
  return {rank - width, rank + width};
}

RankInterval CodeScan::ScoreRankOf(uint32_t node, float product, float scale, float error,
                                   float length) const {
  const uint32_t slot = graph_.SlotAt(node, moment_);
  if (slot == kNoSlot || !vectors_.IsLive(slot)) return {0, -kInfinity};
  const auto [low, high] = cosines_.Of(product, scale, error, length);
  return scorer_.BoundOfCosine(low, high, vectors_.NormOf(slot));
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
