// Nodes numbered anew in breadth-first order, so that nodes that a walk meets together lie together
// in memory.
//
// Searches under way go on with the nodes as they were. No Build may exist meanwhile.

#ifndef SKALAR_HNSW_RENUMBER_H_
#define SKALAR_HNSW_RENUMBER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "hnsw/graph.h"
#include "hnsw/index.h"

namespace skalar::hnsw {

class Renumbering {
 public:
  // On the JavaScript thread, as Finish().
  explicit Renumbering(Index* index);

  // Copies the graph. On any thread, once.
  void Work(const AbortFlag& abort = nullptr);
  // The index has the copy from then on; kAborted, and it has not, when Work() has not come to its
  // end.
  Status Finish();

 private:
  // Old numbers in their new order; fewer than all when it is told to stop.
  std::vector<uint32_t> BreadthFirst(const AbortFlag& abort) const;
  // Once all have new numbers.
  void CopyTwins(uint32_t old_head);

  Index* const index_;
  const Graph::View old_;
  const size_t nodes_;
  const std::shared_ptr<const std::vector<uint32_t>> entries_;
  Graph copy_;
  std::vector<uint32_t> new_number_;   // by old number
  Status status_ = Status::Aborted();  // until Work() has come to its end
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_RENUMBER_H_
