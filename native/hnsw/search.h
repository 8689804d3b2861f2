// Answers to queries: a walk finds candidates, the vectors themselves decide.

#ifndef SKALAR_HNSW_SEARCH_H_
#define SKALAR_HNSW_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "hnsw/attempt.h"
#include "hnsw/index.h"
#include "score/query.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

// Queries against an index as it is at one moment.
class Search {
 public:
  // Queries of other metrics than the index's are scanned for. `abort` outlives the search.
  Search(Index* index, VectorStore::View vectors, std::vector<Query> queries, AbortFlag abort);

  size_t size() const { return queries_.size(); }
  // Answers `count` queries from one on, at most kAtOnce, which is faster than one by one. Each
  // once, on any thread.
  static constexpr size_t kAtOnce = 2;
  void Run(size_t first, size_t count);
  // After the last Run(): the answers in order, or why there are none.
  Status Finish(std::vector<Hits>* answers);

 private:
  // Whether a walk is to answer a query, as far as can be told before it.
  bool IsForWalk(const Query& query) const;
  // After its walk.
  void Complete(Attempt* attempt, size_t query);
  // The exact answer; by codes where that is faster.
  Hits ScanAll(const Query& query) const;
  // Adds the nearest of the slots that wait.
  void AddWaiting(const Query& query, Hits* answer) const;
  Hits ScanSlots(const Query& query, SlotList slots) const;

  const Snapshot snapshot_;
  const std::vector<Query> queries_;
  const SlotList waiting_;
  const size_t most_candidates_;
  std::vector<Hits> answers_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_SEARCH_H_
