// Choosing from ranked candidates those that are relevant and unlike each other: maximal marginal
// relevance (J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking for
// reordering documents and producing summaries", SIGIR 1998). Again and again the candidate x with
// the largest
//
//   λ · relevance(x) − (1 − λ) · max similarity(x, y) over the y chosen before,  λ = 1 − diversity
//
// first the first candidate; of equal ones the one that stands first. Similarities are exact: the
// score of the metric, or its negative where less is nearer.
//
// What is to be largest never grows while others are chosen. So candidates wait in a heap by what
// it was when they were last looked at, and only one that stands in front is brought up to date
// (M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", 1978): the
// same are chosen, from a fraction of the similarities.
//
// Any number of workers share the choices of a call:
//
//   worker threads:  Work() … Work()          each takes choices until none is left
//   one of them:     Finish()                 after every Work() has returned
//
// Thread safety: Work() may run on several threads at once; everything else on one.

#ifndef SKALAR_SCORE_DIVERSITY_H_
#define SKALAR_SCORE_DIVERSITY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "score/query.h"
#include "store/vector_store.h"

namespace skalar {

// One choice. What it points to must outlive it.
struct Choice {
  // Live slots, the most relevant first.
  const uint32_t* slots = nullptr;
  const double* relevance = nullptr;
  size_t count = 0;
  // At most so many are chosen.
  size_t k = 0;
  // 0 to 1, and more than 0.
  double diversity = 1;
  // Whether similarities t count as (1 + t / (1 + |t|)) / 2.
  bool squashed = false;
  // Where `limit` is not 0: candidate i is in the groups groups[ends[i − 1]] … groups[ends[i] − 1],
  // the first one in those from groups[begin] on; none twice. At most `limit` of a group are
  // chosen.
  size_t limit = 0;
  uint32_t begin = 0;
  const uint32_t* ends = nullptr;
  const uint32_t* groups = nullptr;
};

class Diversity {
 public:
  // `abort` must outlive it. Requires: `metric` needs no center; `whitened` where it is
  // kMahalanobis.
  Diversity(VectorStore::View view, Metric metric, std::vector<Choice> choices, AbortFlag abort,
            std::shared_ptr<const Whitened> whitened = nullptr);

  // How many workers can have something to do.
  size_t Parallelism() const { return choices_.size(); }

  void Work();

  // For each choice the places of the candidates, in the order in which they were chosen. kAborted
  // when it was told to stop.
  Status Finish(std::vector<std::vector<uint32_t>>* chosen);

 private:
  class Pool;  // the candidates of one choice

  // Constant after construction.
  const VectorStore::View view_;
  const Metric metric_;
  const std::shared_ptr<const Whitened> whitened_;
  const std::vector<Choice> choices_;
  const AbortFlag abort_;

  std::atomic<size_t> next_{0};
  std::vector<std::vector<uint32_t>> chosen_;  // each by who took its choice
};

}  // namespace skalar

#endif  // SKALAR_SCORE_DIVERSITY_H_
