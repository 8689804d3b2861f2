#include "hnsw/code_scan.h"

#include <algorithm>
#include <cmath>

#include "simd/kernels.h"

namespace skalar::hnsw {
namespace {

// Nodes scored by one kernel call: their products stay in the first-level cache.
constexpr size_t kStride = 256;

// The rotation's own roundings: at most 3 × 16 transforms and signs of 2⁻²³ each, with a margin.
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
                   const CodeQuery& query, const std::vector<float>& rotated, const Ranker& ranker,
                   AbortFlag abort)
    : graph_(graph),
      moment_(moment),
      vectors_(vectors),
      query_(query),
      ranker_(ranker),
      query_error_(QueryError(rotated.data(), rotated.size(), query) + kRotationError),
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

void CodeScan::ScanNodes(uint32_t first, size_t count, uint32_t excluded,
                         Collector* collector) const {
  static_assert(Graph::kChunkNodes % kStride == 0);
  int32_t products[kStride];
  float ranks[kStride];
  float widths[kStride];
  simd::Active().dot_code_rows(query_.bytes.get(), graph_.Code(first), count, graph_.code_bytes(),
                               products);
  const float around = kUnderflow + kTies * ranker_.length * ranker_.length;
  const Point* points = &graph_.PointOf(first);
  const Doubt* doubts = &graph_.DoubtOf(first);
  for (size_t i = 0; i < count; ++i) {
    const float product =
        points[i].scale * (ranker_.factor * static_cast<float>(products[i] - query_.offset));
    const float bias = ranker_.weight * points[i].bias;
    ranks[i] = product + bias;
    widths[i] = ranker_.length * (doubts[i].error + doubts[i].length * query_error_) +
                kRoundings * (std::abs(product) + std::abs(bias)) + around;
  }
  for (size_t i = 0; i < count; ++i) {
    const double high = static_cast<double>(ranks[i]) + widths[i];
    if (high < collector->floor()) continue;
    const auto node = static_cast<uint32_t>(first + i);
    const uint32_t slot = graph_.SlotAt(node, moment_);
    if (slot == excluded || !vectors_.IsLive(slot)) continue;
    collector->Offer(slot, {static_cast<double>(ranks[i]) - widths[i], high});
  }
}

}  // namespace skalar::hnsw
