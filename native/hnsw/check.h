// Whether a graph in memory is what walks rely on.
//
// Thread safety: a Check is made by the thread that owns the graph; Work() runs on any, also while
// nodes are added and removed. It speaks of the nodes there were when it was made.

#ifndef SKALAR_HNSW_CHECK_H_
#define SKALAR_HNSW_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "hnsw/graph.h"

namespace skalar::hnsw {

struct GraphFaults {
  // Nodes whose slots are live.
  size_t alive = 0;
  // Entries, and neighbours in lists, that are no node, or a twin. While nodes are added, later
  // ones are among them.
  size_t names = 0;
  // Nodes that stand for a slot which is known to have another one.
  size_t slots = 0;
  // Nodes among those alive that no way leads to from the entries. A few are nothing unusual.
  size_t unreached = 0;
};

class Check {
 public:
  // `node_of` tells the node of each slot, or anything else where it has none.
  Check(const Graph::View& graph, size_t nodes,
        std::shared_ptr<const std::vector<uint32_t>> entries, std::vector<uint32_t> node_of)
      : graph_(graph), nodes_(nodes), entries_(std::move(entries)), node_of_(std::move(node_of)) {}

  // kAborted when it was told to stop.
  Status Work(const AbortFlag& abort, GraphFaults* faults) const;

 private:
  bool IsHead(uint32_t node) const { return node < nodes_ && !graph_.IsTwin(node); }
  // Those that a walk without end would come by; counts the names that it cannot follow.
  std::vector<bool> Reach(const AbortFlag& abort, size_t* wrong_names) const;

  const Graph::View graph_;
  const size_t nodes_;
  const std::shared_ptr<const std::vector<uint32_t>> entries_;  // null without nodes
  const std::vector<uint32_t> node_of_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_CHECK_H_
