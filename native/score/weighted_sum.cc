#include "score/weighted_sum.h"

#include <algorithm>

#include "simd/kernels.h"
#include "store/row.h"

namespace skalar {
namespace {

// Rows that one kernel call adds: as many as a block of it. While it adds them, the next ones come
// from wherever in memory they lie.
constexpr size_t kAtOnce = 4;

}  // namespace

void AddWeighted(const VectorStore::View& view, const uint32_t* slots, size_t count, double weight,
                 bool directions, double* sums) {
  const auto fetch = [&](size_t begin) {
    for (size_t i = begin; i < std::min(begin + kAtOnce, count); ++i) {
      if (view.IsLive(slots[i])) view.FetchRow(slots[i]);
    }
  };
  fetch(0);
  for (size_t begin = 0; begin < count; begin += kAtOnce) {
    fetch(begin + kAtOnce);
    const float* rows[kAtOnce];
    double weights[kAtOnce];
    size_t live = 0;
    for (size_t i = begin; i < std::min(begin + kAtOnce, count); ++i) {
      if (!view.IsLive(slots[i])) continue;
      const double norm = view.NormOf(slots[i]);
      rows[live] = view.Row(slots[i]);
      weights[live++] = directions ? weight / ScaledNorm(norm) : weight * ScaleOf(norm);
    }
    simd::Active().add_weighted(rows, weights, live, view.stride(), sums);
  }
}

}  // namespace skalar
