// Adds nodes to a graph: HNSW's insertion (arXiv 1603.09320, algorithms 1 and 4) on one level. A
// walk finds candidates, all there is of their codes decides between them. A node that walks cannot
// tell from one that is found is not linked: it becomes a twin of that (hnsw/graph.h).
//
// Thread safety: several threads may add nodes at once, each with its own Linker and Scratch over
// the same View and Locks. Threads that add at the same time may miss each other's nodes, so equal
// ones should not be added at once (hnsw/build.h): they would become as many heads.

#ifndef SKALAR_HNSW_LINKER_H_
#define SKALAR_HNSW_LINKER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hnsw/graph.h"
#include "hnsw/intrinsic_dimension.h"
#include "hnsw/products.h"
#include "hnsw/ranker.h"
#include "hnsw/walk.h"

namespace skalar::hnsw {

// Guards the lists of a graph against writers; readers need no lock. Several nodes share one.
class Locks {
 public:
  void Lock(uint32_t node) {
    std::atomic_flag& flag = flags_[node % kFlags];
    while (flag.test_and_set(std::memory_order_acquire)) {
      while (flag.test(std::memory_order_relaxed)) continue;
    }
  }
  void Unlock(uint32_t node) { flags_[node % kFlags].clear(std::memory_order_release); }

  // Holds the lock of a node while it lives.
  class Held {
   public:
    Held(Locks* locks, uint32_t node) : locks_(*locks), node_(node) { locks_.Lock(node); }
    ~Held() { locks_.Unlock(node_); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    Locks& locks_;
    const uint32_t node_;
  };

 private:
  static constexpr size_t kFlags = 4096;
  std::array<std::atomic_flag, kFlags> flags_ = {};
};

class Linker {
 public:
  // `links` is how many neighbours a new node gets; the graph's max_links how many it may have.
  Linker(const Graph::View& graph, const CodeFormat& format, Metric metric, size_t links,
         size_t ef_construction, Locks* locks, Scratch* scratch);

  // A walk from `entries` to what is near a node whose code, point and detail are set. Returns the
  // head that walks cannot tell it from; kNoNode when there is none.
  uint32_t Find(uint32_t node, const std::vector<uint32_t>& entries);
  // After Find(), one of these. Links the node to those that were found; makes it a twin. What
  // either needs it has before it changes the graph: where memory is refused, nothing has changed.
  void Link(uint32_t node);
  void Join(uint32_t head, uint32_t node, bool copy);

  // Nodes that no list named any more at some time since Link() was first called: no walk comes by
  // them, unless it begins there.
  std::vector<uint32_t>& orphans() { return orphans_; }
  // Of what was found near the nodes.
  const IntrinsicDimension& intrinsic_dimension() const { return intrinsic_dimension_; }

 private:
  struct Candidate {
    uint32_t node;
    float rank;
  };

  // Of all that grows with what is linked.
  void ReserveOrphans();
  // Makes a node the query of the scratch.
  void SetQuery(uint32_t node);
  Ranker RankerOf(uint32_t node) const;
  // Fills candidates_ with nodes_ and their ranks for the query, nearest first.
  void RankNodes();
  // Whether a candidate is nearer to what it is a candidate for than to all that was selected.
  bool Diverse(const Candidate& candidate) const;
  // Fills selected_ from candidates_, nearest first: the diverse ones, at most `most`.
  void Select(size_t most);
  // Adds a node to another's list, in the place of what it makes superfluous when that is full.
  void LinkBack(uint32_t from, uint32_t to);
  // Makes what was selected the list of a node.
  void Replace(uint32_t node);

  const Graph::View& graph_;
  const CodeFormat& format_;
  const Metric metric_;
  const size_t links_;
  const size_t ef_construction_;
  Locks& locks_;
  Scratch& scratch_;
  std::vector<Candidate> candidates_;
  std::vector<Candidate> selected_;
  // Those selected as queries: each is compared with many candidates.
  std::vector<CodeQuery> selected_codes_;
  // Reserved and kept from call to call, so that nothing is allocated.
  std::vector<uint32_t> neighbours_;
  std::vector<uint32_t> nodes_;
  Products products_;
  std::vector<uint32_t> orphans_;
  IntrinsicDimension intrinsic_dimension_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_LINKER_H_
