// The graph over the live slots of one space: which node stands for which slot, and which slots
// still wait to be linked.
//
// A vector never changes in the graph: a slot with another vector gets another node, and the old
// one stays, dead, as a place to walk through. Slots that wait are scored exactly by every search,
// so that nothing is missed meanwhile.
//
// Thread safety: everything here belongs to one thread (the JavaScript thread). What other threads
// do is a Build, a Renumbering or a Search: made there, run on any. At most one of the first two
// exists at a time.
//
// Where memory is refused, which the standard library tells by an exception, whatever was called
// has changed nothing.

#ifndef SKALAR_HNSW_INDEX_H_
#define SKALAR_HNSW_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "hnsw/graph.h"
#include "hnsw/intrinsic_dimension.h"
#include "hnsw/linker.h"
#include "hnsw/walk.h"
#include "quant/code.h"
#include "score/query.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

struct Options {
  Metric metric;
  size_t dimension;
  size_t M;  // neighbours a new node gets; it may come to have twice as many
  size_t ef_construction;
  // Without: chosen by what suits the dimension and the vectors.
  std::optional<Codes> codes = std::nullopt;
};

// Scratches that are not in use. Thread-safe.
class ScratchPool {
 public:
  explicit ScratchPool(const CodeFormat& format) : format_(format) {}
  std::unique_ptr<Scratch> Take();
  // Asks for no memory, so that destructors may call it.
  void Give(std::unique_ptr<Scratch> scratch);

 private:
  const CodeFormat format_;
  std::mutex mutex_;
  // Guarded by mutex_.
  size_t made_ = 0;
  std::vector<std::unique_ptr<Scratch>> free_;  // has room for all that were made
};

class Index {
 public:
  explicit Index(const Options& options);

  const Options& options() const { return options_; }
  // Nodes, dead ones included.
  size_t nodes() const { return nodes_; }
  // Slots that have a node.
  size_t alive() const { return alive_; }
  // Slots that wait for one.
  size_t waiting() const { return waiting_; }
  // Bytes allocated.
  size_t memory() const;
  Codes codes() const { return graph_.format().codes(); }
  // Whether a Choice is to be made before the first node. Without one, codes are int8.
  bool undecided() const { return !decided_ && nodes_ == 0; }
  // Whether so many nodes are numbered as they came that renumbering them is worth its time.
  bool scattered() const;

  // A slot has come, or has got another vector.
  void Put(uint32_t slot);
  // A slot has gone; an unknown one is passed over.
  void Remove(uint32_t slot);

  // A walk for more candidates than this is slower than scoring all slots; 0 while any walk is.
  size_t MostCandidates() const;

  // Reads and writes what is not in the store: graph, codes, entry points (docs/format.md). Slots
  // are the caller's to keep. Not while a Build exists. Write() may run on any thread, as long as
  // no Build begins. Either is kAborted when it was told to stop; what was written until then is of
  // no use.
  Status Write(const char* path, const AbortFlag& abort = nullptr) const;
  // Into an index without nodes, of the same options, which it leaves as it is when it fails.
  Status Read(const char* path, const AbortFlag& abort = nullptr);
  // All slots that have a node or wait for one, ascending.
  std::vector<uint32_t> Live() const;
  // The slot of each node; kNoSlot for dead ones.
  std::vector<uint32_t> Slots() const;
  // After Read(): which slots the nodes stand for. Those that do not wait leave a dead node.
  void Adopt(const uint32_t* slots, size_t count);

 private:
  friend class Build;
  friend class Choice;
  friend class Renumbering;
  friend class Search;
  friend class WeightBounds;

  // In place of a node: the slot is not live; it waits; a Build is linking it.
  static constexpr uint32_t kNone = kNoNode;
  static constexpr uint32_t kWaiting = kNoNode - 1;
  static constexpr uint32_t kLinking = kNoNode - 2;

  // Calls visit(slot) for the slots that wait or are being linked, ascending, until it returns
  // false.
  template <class Visit>
  void EachWaiting(Visit visit) const {
    size_t left = waiting_;
    for (size_t slot = first_waiting_; left > 0; ++slot) {
      if (node_of_[slot] != kWaiting && node_of_[slot] != kLinking) continue;
      --left;
      if (!visit(static_cast<uint32_t>(slot))) return;
    }
  }

  // Where a walk begins: enough that one is likely near, few enough to cost next to nothing.
  static constexpr size_t kEntries = 16;
  // Of nodes that no list names so many can be entered at; one is rare, but for vectors that are
  // unlike all others.
  static constexpr size_t kMostOrphans = 64;

  // Begins anew with a graph of another format. Requires: there is no node.
  void Use(Graph graph);
  // Where SetEntries() puts entries.
  std::shared_ptr<std::vector<uint32_t>> RoomForEntries() const;
  // Asks for no memory: by then nodes were linked, and are to be known.
  void SetEntries(const std::list<std::vector<uint32_t>>& new_orphans,
                  std::shared_ptr<std::vector<uint32_t>> room);
  void SetReference(const VectorStore::View& vectors);
  SlotList WaitingSlots();

  // Constant after construction.
  const Options options_;
  const std::shared_ptr<Locks> locks_;

  // Of one format; others once Use() is called.
  Graph graph_;
  std::shared_ptr<ScratchPool> scratches_;
  bool decided_;
  size_t nodes_ = 0;
  size_t alive_ = 0;
  size_t waiting_ = 0;
  // Nodes that have died so far.
  uint64_t removals_ = 0;
  // The length that norms are relative to; 0 until the first build.
  double reference_ = 0;
  IntrinsicDimension intrinsic_dimension_;
  // Where walks begin: some nodes, chosen anew whenever the graph has doubled, and those that no
  // other node names.
  std::shared_ptr<const std::vector<uint32_t>> entries_;
  size_t entries_chosen_at_ = 0;
  // Nodes there were when they were last numbered in breadth-first order.
  size_t numbered_at_ = 0;
  std::vector<uint32_t> chosen_;   // with room for kEntries
  std::vector<uint32_t> orphans_;  // with room for kMostOrphans
  // By slot: its node, or one of the states above.
  std::vector<uint32_t> node_of_;
  // No slot in front of this one waits, or is being linked.
  size_t first_waiting_ = 0;
  SlotList waiting_slots_;  // null when it has to be made anew
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_INDEX_H_
