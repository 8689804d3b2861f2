// The walk through the graph: from entry points to the nodes nearest to a query, by their codes
// alone. It meets heads only (hnsw/graph.h): what is said of nodes here is said of these.
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
#include "hnsw/products.h"
#include "hnsw/ranker.h"
#include "quant/code.h"

namespace skalar::hnsw {

// What one walk needs to remember; kept from walk to walk, so that nothing is allocated.
//
// Thread safety: none; each thread has its own.
class Scratch {
 public:
  explicit Scratch(const CodeFormat& format);

  // A vector on its way to a code or a query.
  std::vector<float> prepared;
  CodeQuery query;
  Ranker ranker;
  Beam beam;

  // What is left of a beam: nodes, what is known of them, and the slots that are to be scored. Of
  // copies there is one, and how many more stand behind it.
  struct Candidate {
    uint32_t slot;
    uint32_t group;   // the place of its head in the beam
    uint32_t copies;  // where the others begin,
    uint32_t count;   // and how many they are
    float rank;       // by all there is of its code,
    float margin;     // by how much that may miss
  };
  std::vector<uint32_t> nodes;
  std::vector<Candidate> candidates;
  bool has_groups = false;       // whether any of these are of one head
  std::vector<uint32_t> copies;  // slots
  std::vector<uint32_t> slots;
  std::vector<uint8_t> taken;  // by group
  Products products;

  // Counted over the walks since they were set to 0.
  size_t visited = 0;
  size_t distances = 0;

 private:
  friend class Walk;
  std::vector<uint64_t> seen_;     // a bit for each node
  std::vector<uint32_t> met_;      // the nodes whose bits are set, in the order they were met
  size_t met_count_ = 0;           // of these there are so many, with room for more
  size_t scored_count_ = 0;        // and so many have been scored
  std::vector<int64_t> frontier_;  // a heap, for walks that may not answer every node
};

// Which nodes may be answered.
class Permit {
 public:
  // Those that stood for a slot, or for one of `allowed`, if any: ascending.
  Permit(const Graph::View& graph, const Moment& moment, const SlotList& allowed);

  bool AllowsSlot(uint32_t slot) const {
    if (slot == kNoSlot) return false;
    return all_ || (slot / 64 < bits_.size() && bits_[slot / 64] >> (slot % 64) & 1);
  }
  // Whether a head or any of its twins is allowed.
  bool Allows(uint32_t head) const {
    bool allows = false;
    graph_.EachOf(head, [&](uint32_t node, bool) {
      allows = AllowsSlot(graph_.SlotAt(node, moment_));
      return !allows;
    });
    return allows;
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

  // Leaves in the beam about as many of the nearest nodes as it may hold, whatever their slots.
  void ToAll(const Width& width);

  // The same of two walks at once: while one waits for memory, the other computes.
  static void ToAll(Walk* a, const Width& width_a, Walk* b, const Width& width_b);

  // The same of heads of which a permit allows any. The others are passed through.
  void ToPermitted(const Width& width, const Permit& permit);

 private:
  // The walk from its beginning to its end, also where it is refused memory: a scratch that
  // remembered what that walk has seen would mislead the next one.
  class Course {
   public:
    Course(Walk* walk, const Width& width) : walk_(*walk) { walk_.Begin(width); }
    ~Course() { walk_.End(); }
    Course(const Course&) = delete;
    Course& operator=(const Course&) = delete;

   private:
    Walk& walk_;
  };

  // Where it is refused memory, nothing is marked as seen.
  void Begin(const Width& width);
  void End();
  // Some of a walk to all nodes. False when nothing is left of it.
  bool Step();
  // Takes the nearest node that was not expanded yet, and asks for what it takes to score its
  // neighbours. False when there is none, or the time is over.
  bool Gather();
  // Scores the next `due` of what was gathered, and puts the near ones into the beam.
  void Settle(size_t due);
  // How many were gathered and are still to be scored.
  size_t Due() const { return scratch_.met_count_ - scratch_.scored_count_; }

  void GatherEntries();
  // For so many nodes more to be met.
  void MakeRoom(size_t more);
  // Adds those of a node's neighbours to what is gathered that were not seen before.
  void GatherFrom(uint32_t node);
  // Calls visit(ordered rank, node) for what the beam may want of the next `due` of what was
  // gathered.
  template <class Visit>
  void Score(size_t due, Visit visit);
  void FetchLinks(uint32_t node) const;
  bool IsOver();

  const Graph::View& graph_;
  const std::vector<uint32_t>& entries_;
  const AbortFlag abort_;
  Scratch& scratch_;
  size_t expanded_ = 0;
  bool stopped_ = false;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_WALK_H_
