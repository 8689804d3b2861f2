// The exact scan, by codes: which slots can be among the k nearest.
//
// A rank by codes is wrong by a bounded amount (hnsw/cosine_bounds.h). It holds for the upper plane
// alone, with the larger error of that; of what this leaves, the lower plane, where there is one,
// is looked at too. By another metric of products than the graph's, the same bound tells where a
// cosine lies, and so where the score does (score/scorer.h). All that the
// bound cannot exclude then is left to a scan of the vectors themselves: the answers are the same,
// from an eighth of the bytes and a little more.
//
// Thread safety: none; a scan belongs to one thread at a time. The graph may grow meanwhile.

#ifndef SKALAR_HNSW_CODE_SCAN_H_
#define SKALAR_HNSW_CODE_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/abort.h"
#include "flat/collector.h"
#include "hnsw/cosine_bounds.h"
#include "hnsw/graph.h"
#include "hnsw/ranker.h"
#include "quant/code.h"
#include "score/query.h"
#include "score/scorer.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

class CodeScan {
 public:
  // `query` was made of `prepared`; both are of planes. `scorer` is of the metric that is asked
  // for, `ranker` of the graph's, `metric`. Everything outlives the scan.
  CodeScan(const Graph::View& graph, const Moment& moment, const VectorStore::View& vectors,
           const CodeQuery& query, const std::vector<float>& prepared, const Scorer& scorer,
           Metric metric, const Ranker& ranker, AbortFlag abort);

  // The slots that can be among the `k` nearest, ascending, but for `excluded`; fewer when it was
  // aborted.
  std::vector<uint32_t> Possible(size_t k, uint32_t excluded) const;

 private:
  template <class BoundOf>
  void ScanNodes(BoundOf bound_of, uint32_t first, size_t count, uint32_t excluded,
                 Collector* collector) const;
  // Where the rank of a node surely lies, in the graph's metric; and in the scorer's. `scale` and
  // `error` are of what was multiplied.
  RankInterval RankOf(float product, float scale, float error, float bias, float length) const;
  RankInterval ScoreRankOf(uint32_t node, float product, float scale, float error,
                           float length) const;

  const Graph::View& graph_;
  const Moment moment_;
  const VectorStore::View& vectors_;
  const CodeQuery& query_;
  const Scorer& scorer_;
  const bool is_of_graph_;  // whether it is the graph's metric that is asked for
  const Ranker ranker_;
  const CosineBounds cosines_;
  const float around_;
  const AbortFlag abort_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_CODE_SCAN_H_
