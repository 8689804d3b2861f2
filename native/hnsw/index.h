// The graph over the live slots of one space: which node stands for which slot, and which slots
// still wait to be linked.
//
// A vector never changes in the graph: a slot with another vector gets another node, and the old
// one stays, dead, as a place to walk through. Slots that wait are scored exactly by every search,
// so that nothing is missed meanwhile.
//
// A graph of the metric kMahalanobis is one of images (score/whitened.h) by Euclidean distance.
// They are made when nodes are linked, and not kept; all are of one frame, which belongs to the
// graph.
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
#include "hnsw/check.h"
#include "hnsw/graph.h"
#include "hnsw/intrinsic_dimension.h"
#include "hnsw/linker.h"
#include "hnsw/walk.h"
#include "quant/code.h"
#include "score/precision.h"
#include "score/query.h"
#include "score/whitened.h"
#include "store/section_file.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

struct Options {
  Metric metric;
  size_t dimension;
  size_t M;  // neighbours a new node gets; it may come to have twice as many
  size_t ef_construction;
  // Without: chosen by what suits the dimension and the vectors.
  std::optional<Codes> codes = std::nullopt;
  // Of kMahalanobis.
  std::shared_ptr<const Precision> precision = nullptr;
};

// What the distance between two nodes is, of a graph of a metric.
inline constexpr Metric OrderOf(Metric metric) {
  return metric == Metric::kMahalanobis ? Metric::kEuclidean : metric;
}

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
  // Whether a Choice is to be made before the first node. Without one, codes are int8; a graph of
  // images needs it.
  bool undecided() const { return (!decided_ || lacks_frame()) && nodes_ == 0; }
  // Whether so many nodes are numbered as they came that renumbering them is worth its time.
  bool scattered() const;

  // A slot has come, or has got another vector.
  void Put(uint32_t slot);
  // A slot has gone; an unknown one is passed over.
  void Remove(uint32_t slot);

  // A walk for more candidates than this is slower than scoring all slots; 0 while any walk is.
  size_t MostCandidates() const;

  // What is written of an index: made on its own thread, written on any.
  class Saving;
  Saving Save() const;
  // What Saving::Write() has written, where that was of the same options: else false, and the index
  // is as it was, as when too little memory was granted. Requires: nothing was put. From then on it
  // speaks of the slots that the file's vectors have (VectorStore::Open()). Nothing is linked or
  // numbered anew before all of the file is checked.
  Status Open(std::shared_ptr<const SectionFile> file);
  // Whether what is read of codes and lists is as it was written.
  bool checked() const { return file_ == nullptr || (file_->checked() && !file_->damaged()); }
  // Of the graph as it is now.
  Check Examine() const { return Check(graph_.view(), nodes_, entries_, node_of_); }
  // All slots that have a node or wait for one, ascending.
  std::vector<uint32_t> Live() const;
  // The slot of each node; kNoSlot for dead ones.
  std::vector<uint32_t> Slots() const;

 private:
  friend class Build;
  friend class Choice;
  friend class Renumbering;
  friend class Search;
  friend class WeightBounds;

  bool lacks_frame() const { return options_.precision != nullptr && frame_ == nullptr; }

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
  // That it was opened from, as long as it has any of it.
  std::shared_ptr<const SectionFile> file_;
  // Nodes that have died so far.
  uint64_t removals_ = 0;
  // The length that norms are relative to; 0 until the first build.
  double reference_ = 0;
  // Of a graph of images: how vectors get theirs; null until it is chosen, or read.
  std::shared_ptr<const Frame> frame_;
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

// An index as it was at one moment. As long as it is there, no Build may begin.
class Index::Saving {
 public:
  // Sections 8 and up of a file whose first ones hold the vectors (docs/format.md); false when it
  // was told to stop. `vectors` is a View of the same moment.
  bool Write(const VectorStore::View& vectors, SectionWriter* writer, SectionNotes* notes,
             const AbortFlag& abort) const;

 private:
  friend class Index;
  explicit Saving(const Index& index);

  const Options options_;
  const Graph graph_;
  const Moment moment_;
  const double reference_;
  const float intrinsic_dimension_;
  const std::shared_ptr<const Frame> frame_;
  const std::shared_ptr<const std::vector<uint32_t>> entries_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_INDEX_H_
