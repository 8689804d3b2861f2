// Keeps every row that can still be among the k nearest, judged by intervals of rank.
//
// Invariant: a row whose `high` is below `floor()` can not be among the k nearest: k rows seen so
// far have a `low` of at least that, or a threshold says so.
//
// Thread safety: none; each worker has its own, Merge() brings them together.

#ifndef SKALAR_FLAT_COLLECTOR_H_
#define SKALAR_FLAT_COLLECTOR_H_

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "score/scorer.h"

namespace skalar {

struct Candidate {
  uint32_t slot;
  RankInterval rank;
};

class Collector {
 public:
  // Requires: k >= 1.
  explicit Collector(size_t k, double floor = -std::numeric_limits<double>::infinity())
      : k_(k), floor_(floor), limit_(Room()) {}

  double floor() const { return floor_; }

  // A rank that is not a number, as a damaged row's can be, is nowhere near anything.
  void Offer(uint32_t slot, RankInterval rank) {
    if (!(rank.low <= rank.high && rank.high >= floor_)) return;
    candidates_.push_back({slot, rank});
    if (candidates_.size() >= limit_) Shrink();
  }

  void Merge(const Collector& other) {
    floor_ = std::max(floor_, other.floor_);
    for (const Candidate& candidate : other.candidates_) Offer(candidate.slot, candidate.rank);
  }

  // The rows that remain possible, in no order.
  const std::vector<Candidate>& Finish() {
    Shrink();
    return candidates_;
  }

 private:
  // Room for as many again as must stay keeps the cost of Shrink() constant per row.
  size_t Room() const {
    return 2 * std::max(candidates_.size(), std::min<size_t>(k_, 1 << 20)) + 64;
  }

  void Shrink() {
    if (candidates_.size() > k_) {
      auto kth = candidates_.begin() + static_cast<ptrdiff_t>(k_ - 1);
      std::nth_element(
          candidates_.begin(), kth, candidates_.end(),
          [](const Candidate& a, const Candidate& b) { return a.rank.low > b.rank.low; });
      floor_ = std::max(floor_, kth->rank.low);
      std::erase_if(candidates_, [this](const Candidate& c) { return c.rank.high < floor_; });
    }
    limit_ = Room();
  }

  const size_t k_;
  double floor_;
  std::vector<Candidate> candidates_;
  size_t limit_;
};

}  // namespace skalar

#endif  // SKALAR_FLAT_COLLECTOR_H_
