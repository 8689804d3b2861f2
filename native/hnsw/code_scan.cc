#include "hnsw/code_scan.h"

#include <algorithm>
#include <cmath>

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

}  // namespace

CodeScan::CodeScan(const Graph::View& graph, const Moment& moment, const VectorStore::View& vectors,
                   const CodeQuery& query, const std::vector<float>& prepared, const Ranker& ranker,
                   AbortFlag abort)
    : graph_(graph),
      moment_(moment),
      vectors_(vectors),
      query_(query),
      ranker_(ranker),
      query_error_(query.Error(prepared.data()) + kRotationError),
      around_(kUnderflow + kTies * ranker.length * ranker.length),
      abort_(abort) {}

std::vector<uint32_t> CodeScan::Possible(size_t k, uint32_t excluded) const {
  Collector collector(k);
  for (size_t first = 0; first < moment_.nodes; first += kStride) {
    if (IsStopped(abort_)) break;
    // A stride never crosses the end of a chunk.
    ScanNodes(static_cast<uint32_t>(first), std::min(kStride, moment_.nodes - first), excluded,
              &collector);
  }
  std::vector<uint32_t> slots;
  for (const Candidate& candidate : collector.Finish()) slots.push_back(candidate.slot);
  std::sort(slots.begin(), slots.end());
  return slots;
}

CodeScan::Bound CodeScan::BoundOf(float product, float scale, float bias, float error,
                                  float length) const {
  const float dot = scale * (ranker_.factor * product);
  const float weighted = ranker_.weight * bias;
  return {dot + weighted, ranker_.length * (error + length * query_error_) +
                              kRoundings * (std::abs(dot) + std::abs(weighted)) + around_};
}

void CodeScan::ScanNodes(uint32_t first, size_t count, uint32_t excluded,
                         Collector* collector) const {
  static_assert(Graph::kChunkNodes % kStride == 0);
  float products[kStride];
  double highs[kStride];
  query_.MultiplyRows(graph_.Code(first), count, products);
  const Point* points = &graph_.PointOf(first);
  const Detail* details = &graph_.DetailOf(first);
  for (size_t i = 0; i < count; ++i) {
    highs[i] = BoundOf(products[i], points[i].scale, points[i].bias, details[i].code_error,
                       details[i].length)
                   .high();
  }
  for (size_t i = 0; i < count; ++i) {
    if (highs[i] < collector->floor()) continue;
    const auto node = static_cast<uint32_t>(first + i);
    const uint8_t* code = graph_.Code(node);
    const uint8_t* lower = graph_.Lower(node);
    float product;
    query_.MultiplyWhole(&code, &lower, 1, &product);
    const Bound bound =
        BoundOf(product, details[i].scale, points[i].bias, details[i].error, details[i].length);
    if (bound.high() < collector->floor()) continue;
    const uint32_t slot = graph_.SlotAt(node, moment_);
    if (slot == excluded || !vectors_.IsLive(slot)) continue;
    collector->Offer(slot, {static_cast<double>(bound.rank) - bound.width, bound.high()});
  }
}

}  // namespace skalar::hnsw
