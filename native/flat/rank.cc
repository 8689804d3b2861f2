#include "flat/rank.h"

#include <algorithm>
#include <cmath>

namespace skalar {
namespace {

// Rows scored between two looks at the abort flag.
constexpr size_t kAbortStride = 1024;
static_assert(kAbortStride % Scorer::kAtOnce == 0);

}  // namespace

void AddExactly(const Scorer& scorer, const Query& query, const std::vector<uint32_t>& slots,
                AbortFlag abort, Hits* answer) {
  double scores[Scorer::kAtOnce];
  for (size_t first = 0; first < slots.size(); first += Scorer::kAtOnce) {
    // Where most scores are equal, most rows are candidates.
    if (first % kAbortStride == 0 && first > 0 && IsStopped(abort)) return;
    const size_t count = std::min(Scorer::kAtOnce, slots.size() - first);
    scorer.Exact(&slots[first], count, scores);
    answer->reranked += count;
    for (size_t i = 0; i < count; ++i) {
      // A damaged row is nowhere near anything.
      if (std::isnan(scores[i])) continue;
      if (query.threshold && scorer.Nearer(*query.threshold, scores[i])) continue;
      answer->hits.push_back({slots[first + i], scores[i]});
    }
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
