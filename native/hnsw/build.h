// Linking slots that wait into the graph, a stretch at a time.

#ifndef SKALAR_HNSW_BUILD_H_
#define SKALAR_HNSW_BUILD_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "hnsw/graph.h"
#include "hnsw/index.h"
#include "hnsw/intrinsic_dimension.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

// One stretch of linking slots that wait.
class Build {
 public:
  // Takes some of the slots that wait. Requires: a graph of images has its frame.
  Build(Index* index, VectorStore::View vectors);

  // Why there is nothing to work on, if so.
  const Status& status() const { return status_; }
  // How many threads may work on it.
  size_t Parallelism() const;
  // Links slots until none is left, the time is over, or memory is refused, which it throws. On any
  // thread, any number of times.
  void Work(std::chrono::steady_clock::time_point end);
  // The index knows the new nodes from then on; slots that are left wait again, as do those for
  // which memory was refused. Asks for none itself.
  void Finish();

 private:
  // What one call of Work() leaves to Finish(), whatever becomes of it.
  class Share;

  // Makes slots `begin` to `end` of those taken nodes, on one thread.
  void AddAll(size_t begin, size_t end, std::vector<uint8_t>* images, Share* share);
  // Links a node whose code, point and detail are set, or makes it a twin. Nodes of equal codes one
  // after the other: of two at once neither would find the other, and as two heads that are equal
  // to walks, one of them would be lost to them.
  void Add(uint32_t node, Linker* linker);
  // The slot that a node stands for, or will; kNoSlot when it stands for none.
  uint32_t SlotFor(uint32_t node) const;
  // Whether their vectors are the same, bit for bit. False where that cannot be known any more.
  bool AreCopies(uint32_t head, uint32_t node) const;

  Index* const index_;
  const VectorStore::View vectors_;
  const CodeFormat format_;
  Status status_;
  // As of the beginning; the index may be asked for more meanwhile.
  Graph::View graph_;
  std::shared_ptr<const std::vector<uint32_t>> entries_;
  double reference_ = 0;
  const std::shared_ptr<const Frame> frame_;
  size_t first_ = 0;
  std::vector<uint32_t> slots_;
  std::vector<uint8_t> linked_;  // of each slot, whether it was
  std::shared_ptr<std::vector<uint32_t>> room_for_entries_;
  std::atomic<size_t> next_{0};
  // Held while a node is added; which one follows from its code.
  std::array<std::mutex, 256> adding_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::list<std::vector<uint32_t>> orphans_;
  IntrinsicDimension intrinsic_dimension_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_BUILD_H_
