// The walk through the graph: from entry points to the nodes nearest to a query, by codes only.
//
// One level, as in "Down with the hierarchy" (arXiv 2412.01940); otherwise the search of HNSW
// (arXiv 1603.09320, algorithm 2). Nothing in its loops allocates, or branches on a metric.

#ifndef SKALAR_HNSW_WALK_H_
#define SKALAR_HNSW_WALK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/abort.h"
#include "hnsw/beam.h"
#include "hnsw/graph.h"
#include "hnsw/ranker.h"
#include "quant/code.h"

namespace skalar::hnsw {

// What one walk needs to remember; kept from walk to walk, so that nothing is allocated.
//
// Thread safety: none; each thread has its own.
class Scratch {
 public:
  explicit Scratch(size_t code_bytes);

  // A vector on its way to a code or a query.
  std::vector<float> rotated;
  CodeQuery query;
  Ranker ranker;
  Beam beam;

  // Counted over the walks since they were set to 0.
  size_t visited = 0;
  size_t distances = 0;

 private:
  friend class Walk;
  std::vector<uint64_t> seen_;      // a bit for each node
  std::vector<uint32_t> touched_;   // nodes whose bits are set
  std::vector<uint64_t> frontier_;  // a heap, for walks that may not answer every node
};

// Which nodes may be answered.
class Permit {
 public:
  // Those that stood for a slot, or for one of `allowed`, if any: ascending.
  Permit(const Graph::View& graph, const Moment& moment, const SlotList& allowed);

  bool Allows(uint32_t node) const {
    const uint32_t slot = graph_.SlotAt(node, moment_);
    if (slot == kNoSlot) return false;
    return all_ || (slot / 64 < bits_.size() && bits_[slot / 64] >> (slot % 64) & 1);
  }

 private:
  const Graph::View& graph_;
  const Moment moment_;
  const bool all_;
  std::vector<uint64_t> bits_;
};

class Walk {
 public:
  // `entries` are nodes of the graph. The scratch holds the query.
  Walk(const Graph::View& graph, const std::vector<uint32_t>& entries, AbortFlag abort,
       Scratch* scratch)
      : graph_(graph), entries_(entries), abort_(abort), scratch_(*scratch) {}

  // Leaves in the beam about the `ef` nearest nodes, whatever their slots.
  void ToAll(size_t ef);

  // Leaves in the beam about the `ef` nearest nodes whose slots are permitted. The others are
  // passed through.
  void ToPermitted(size_t ef, const Permit& permit);

 private:
  void Begin();
  void End();
  // Scores nodes, and calls visit(ordered rank, node) for each.
  template <class Visit>
  void Score(const uint32_t* nodes, size_t count, Visit visit);
  // Puts the neighbours that were not seen before into `fresh`; returns how many.
  size_t Fresh(uint32_t node, uint32_t* fresh);
  void FetchLinks(uint32_t node) const;
  template <class Visit>
  void ScoreEntries(Visit visit);

  const Graph::View& graph_;
  const std::vector<uint32_t>& entries_;
  const AbortFlag abort_;
  Scratch& scratch_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_WALK_H_
