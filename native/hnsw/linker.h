// Adds nodes to a graph: HNSW's insertion (arXiv 1603.09320, algorithms 1 and 4) on one level, by
// codes only.
//
// Thread safety: several threads may add nodes at once, each with its own Linker and Scratch over
// the same View and Locks. Threads that add at the same time may miss each other's nodes.

#ifndef SKALAR_HNSW_LINKER_H_
#define SKALAR_HNSW_LINKER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hnsw/graph.h"
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

 private:
  static constexpr size_t kFlags = 4096;
  std::array<std::atomic_flag, kFlags> flags_ = {};
};

class Linker {
 public:
  // `links` is how many neighbours a new node gets; the graph's max_links how many it may have.
  Linker(const Graph::View& graph, Metric metric, size_t links, size_t ef_construction,
         Locks* locks, Scratch* scratch);

  // Links a node whose code and point are set to those that the walk from `entries` finds.
  void Link(uint32_t node, const std::vector<uint32_t>& entries);

  // Nodes that no list named any more at some time since Link() was first called: no walk comes by
  // them, unless it begins there.
  const std::vector<uint32_t>& orphans() const { return orphans_; }

 private:
  struct Candidate {
    uint32_t node;
    float rank;
  };

  // The rank of a node for the node in scratch.other.
  void RankFrom(uint32_t from, const uint32_t* nodes, size_t count, float* ranks);
  // Keeps of `candidates`, nearest first, those that are nearer to the query than to any kept one,
  // at most `most`.
  void Select(size_t most);
  void LinkBack(uint32_t from, uint32_t to);
  // Makes what was selected the list of a node.
  void Replace(uint32_t node);

  const Graph::View& graph_;
  const Metric metric_;
  const size_t links_;
  const size_t ef_construction_;
  Locks& locks_;
  Scratch& scratch_;
  std::vector<Candidate> candidates_;
  std::vector<Candidate> selected_;
  std::vector<Candidate> own_;
  std::vector<uint32_t> orphans_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_LINKER_H_
