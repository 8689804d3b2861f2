// The exact scan: scores every allowed row in float32 where products tell its score, keeps what the
// error bound can not exclude, and ranks that in float64. The answer is exact: the same ids and
// bits as a float64 scan of all rows.
//
// One Scan answers a group of queries in one pass over the rows, by any number of workers:
//
//   worker threads:  Work() … Work()          each takes blocks until none is left
//   one of them:     Finish()                 after every Work() has returned
//
// Thread safety: Work() may run on several threads at once; everything else on one.

#ifndef SKALAR_FLAT_SCAN_H_
#define SKALAR_FLAT_SCAN_H_

#include <atomic>
#include <mutex>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "flat/collector.h"
#include "score/query.h"
#include "score/scorer.h"
#include "score/whitened.h"
#include "store/vector_store.h"

namespace skalar {

class Scan {
 public:
  // `abort` is polled after each block and must outlive the scan. Queries with a list of allowed
  // slots are scanned apart from the pass that the others share.
  Scan(VectorStore::View view, std::vector<Query> queries, AbortFlag abort);

  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  // How many workers can have something to do.
  size_t Parallelism() const;

  void Work();

  // The answers, in the order of the queries; kAborted when the scan was told to stop.
  Status Finish(std::vector<Hits>* answers);

 private:
  struct Part;  // what one worker collects

  // A stretch of work: rows of a chunk for all queries without a list, or a stretch of one query's
  // list.
  struct Block {
    static constexpr size_t kShared = SIZE_MAX;
    size_t query;  // kShared, or the query whose list this is
    size_t begin;
    size_t end;
  };

  void PlanBlocks();
  // Once, before any block is scanned: by a worker, since matrices take milliseconds.
  void Whiten();
  void ScanRows(const Block& block, Part* part) const;
  void ScanList(const Block& block, Part* part) const;
  // Offers a row unless the query's own conditions exclude it.
  void Consider(size_t query, uint32_t slot, RankInterval rank, Collector* collector) const;
  // The same of live rows by metrics that products of theirs tell nothing of.
  void ConsiderByDistance(size_t query, const uint32_t* slots, size_t count,
                          Collector* collector) const;
  // The same by products of their images, as far as they have any.
  void ConsiderWhitened(size_t query, const uint32_t* slots, size_t count,
                        Collector* collector) const;
  // Whether a slot may come after the query's mark, if it has one.
  bool StandsBehind(size_t query, uint32_t slot) const;
  // All that can be among the nearest.
  std::vector<uint32_t> Candidates(size_t query);
  Hits Rank(size_t query);

  // Constant after construction.
  const VectorStore::View view_;
  const std::vector<Query> queries_;
  const AbortFlag abort_;
  std::vector<Scorer> scorers_;
  std::vector<std::vector<float>> directions_;  // of queries that blocks are scanned for
  std::vector<size_t> shared_;                  // queries without a list
  std::vector<Block> blocks_;
  std::once_flag whiten_;
  std::vector<WhitenedQuery> whitened_;  // of each query, where one is of kMahalanobis; else none
  std::vector<Collector> unused_;  // what each worker begins with; it merges into `collectors_`

  std::atomic<size_t> next_block_{0};
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Collector> collectors_;
  std::vector<size_t> distances_;
};

}  // namespace skalar

#endif  // SKALAR_FLAT_SCAN_H_
