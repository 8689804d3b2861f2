// Answers to queries: a walk finds candidates, the vectors themselves decide.

#ifndef SKALAR_HNSW_SEARCH_H_
#define SKALAR_HNSW_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "flat/query.h"
#include "flat/scorer.h"
#include "hnsw/graph.h"
#include "hnsw/index.h"
#include "hnsw/walk.h"
#include "quant/rotation.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

// Queries against an index as it is at one moment.
class Search {
 public:
  // `abort` outlives the search.
  Search(Index* index, VectorStore::View vectors, std::vector<Query> queries, AbortFlag abort);

  size_t size() const { return queries_.size(); }
  // Answers one query; each once, on any thread.
  void Run(size_t query);
  // After the last Run(): the answers in order, or why there are none.
  Status Finish(std::vector<Hits>* answers);

 private:
  // False when the graph could not tell.
  bool Walk(const Query& query, Hits* answer) const;
  // Slots near a query, nearest first as codes tell: all that can be among the k nearest.
  std::vector<uint32_t> Candidates(const Query& query, const Scorer& scorer, Hits* answer) const;
  // Whether codes can tell what is near a query.
  bool CanRank(const Scorer& scorer) const;
  // Turns a query into one for codes.
  void Prepare(const Scorer& scorer, Scratch* scratch) const;
  // The exact answer; by codes where that is faster.
  Hits ScanAll(const Query& query) const;
  // Adds the nearest of the slots that wait.
  void AddWaiting(const Query& query, Hits* answer) const;
  Hits ScanSlots(const Query& query, SlotList slots) const;

  const Metric metric_;
  const VectorStore::View vectors_;
  const std::vector<Query> queries_;
  const AbortFlag abort_;
  const std::shared_ptr<const Rotation> rotation_;
  const std::shared_ptr<ScratchPool> scratches_;
  const Graph::View graph_;
  const std::shared_ptr<const std::vector<uint32_t>> entries_;
  const SlotList waiting_;
  const double reference_;
  const Moment moment_;
  const size_t alive_;
  const size_t most_candidates_;
  std::vector<Hits> answers_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_SEARCH_H_
