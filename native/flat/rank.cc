#include "flat/rank.h"

#include <algorithm>
#include <cmath>

namespace skalar {
namespace {

// Rows that are fetched while the ones before them are scored.
constexpr size_t kRowsAhead = 3;

// Rows scored between two looks at the abort flag.
constexpr size_t kAbortStride = 1024;

}  // namespace

void AddExactly(const VectorStore::View& view, const Scorer& scorer, const Query& query,
                const std::vector<uint32_t>& slots, AbortFlag abort, Hits* answer) {
  for (size_t i = 0; i < slots.size(); ++i) {
    // Where most scores are equal, most rows are candidates.
    if (i % kAbortStride == 0 && i > 0 && IsStopped(abort)) return;
    if (i + kRowsAhead < slots.size()) FetchRow(view, slots[i + kRowsAhead]);
    const double score = scorer.Exact(slots[i]);
    ++answer->reranked;
    // A damaged row is nowhere near anything.
    if (std::isnan(score)) continue;
    if (query.threshold && scorer.Nearer(*query.threshold, score)) continue;
    answer->hits.push_back({slots[i], score});
  }
}

void KeepNearest(const Scorer& scorer, size_t k, Hits* answer) {
  std::vector<Hit>& hits = answer->hits;
  const size_t kept = std::min(k, hits.size());
  std::partial_sort(hits.begin(), hits.begin() + static_cast<ptrdiff_t>(kept), hits.end(),
                    [&scorer](const Hit& a, const Hit& b) {
                      return a.score == b.score ? a.slot < b.slot : scorer.Nearer(a.score, b.score);
                    });
  hits.resize(kept);
}

}  // namespace skalar
