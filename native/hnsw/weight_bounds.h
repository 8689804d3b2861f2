// What rows weigh at most in attention (score/attention.h), by their codes: of each row that has a
// node the bound of its cosine with a query (hnsw/cosine_bounds.h) and the two lengths tell what
// its logit cannot exceed, from a quarter of the bytes of rows, or an eighth. Rows that wait for a
// node are scored exactly, and so are in the end the few whose bounds are largest.
//
// Any number of workers share a pass, as one of Attention:
//
//   worker threads:  Work() … Work()          each takes blocks until none is left
//   one of them:     Finish()                 after every Work() has returned
//
// Thread safety: Work() may run on several threads at once; everything else on one. The graph may
// grow meanwhile.

#ifndef SKALAR_HNSW_WEIGHT_BOUNDS_H_
#define SKALAR_HNSW_WEIGHT_BOUNDS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "hnsw/graph.h"
#include "hnsw/index.h"
#include "hnsw/walk.h"
#include "quant/code.h"
#include "score/attention.h"
#include "score/query.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

class WeightBounds {
 public:
  // Of whole queries, by an affinity of products: not kLaplacian. `members`: the only slots to take
  // part, or null. Made where the index is, which may change from then on. `abort` outlives the
  // pass. Requires: the index has codes of planes, or no nodes.
  WeightBounds(Index* index, VectorStore::View vectors, const Weighting& weighting,
               std::vector<Head> heads, SlotList members, AbortFlag abort);
  ~WeightBounds();
  WeightBounds(const WeightBounds&) = delete;
  WeightBounds& operator=(const WeightBounds&) = delete;

  // How many workers can have something to do.
  size_t Parallelism() const { return node_blocks_ + waiting_blocks_; }

  void Work();

  // In the order of heads, of logits no smaller than those of the rows. kAborted when it was told
  // to stop.
  Status Finish(std::vector<Total>* totals);

 private:
  struct Prepared;  // a head, with what it takes to bound logits
  struct Rows;      // a stretch of rows
  struct Part;      // what one worker has found for one head

  // Once, by the first worker, while others wait.
  void Prepare();
  bool TakesPart(uint32_t slot) const;
  void ReadNodes(size_t block, std::vector<Part>* parts) const;
  void ReadWaiting(size_t block, std::vector<Part>* parts) const;
  // By upper planes; and by both planes those that all together may weigh something beside the
  // heaviest, or at once where that is most of them.
  void BoundNodes(size_t h, uint32_t first, const Rows& rows, Part* part) const;
  void BoundByUpper(size_t h, uint32_t first, const Rows& rows, double* logits) const;
  void BoundByBoth(size_t h, uint32_t first, const Rows& rows, const uint32_t* places, size_t count,
                   double* logits) const;
  // By the rows themselves.
  void BoundByRows(const Prepared& head, const Rows& rows, double* logits) const;
  // Adds rows whose logits are at most these.
  void Absorb(size_t h, const Rows& rows, const double* logits, Part* part) const;
  double HeaviestExcluded(const Prepared& head) const;
  // Adds those that were kept for it, by themselves.
  void ScoreLargest(const Prepared& head, Part* part) const;
  // What the logit of a row of length x cannot exceed whose cosine with a query of length q lies
  // between `low` and `high`.
  double Most(double low, double high, double x, double q) const;

  // Constant after construction.
  const VectorStore::View vectors_;
  const Weighting weighting_;
  const std::vector<Head> heads_;
  const SlotList members_;
  const AbortFlag abort_;
  const CodeFormat format_;
  const Graph::View graph_;
  const Moment moment_;
  const SlotList waiting_;
  const size_t node_blocks_;
  const size_t waiting_blocks_;
  // As many rows as there are nodes weigh together less than a twentieth of one whose logit is by
  // this larger.
  const double negligible_;

  std::atomic<size_t> next_block_{0};
  std::mutex mutex_;
  // Guarded by mutex_ until they are there, then constant.
  std::vector<std::unique_ptr<const Prepared>> prepared_;
  std::unique_ptr<const Permit> permit_;
  std::vector<Part> parts_;  // guarded by mutex_
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_WEIGHT_BOUNDS_H_
