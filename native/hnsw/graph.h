// The graph in memory: nodes 0, 1, … with their codes and lists of neighbours, in chunks that never
// move.
//
// Sections, each of a fixed stride for every node; a file has them as they are in memory
// (docs/format.md), and whole chunks of it are mapped:
//   codes   code_bytes × u8   what walks read of its code (quant/code.h), in whole cache lines
//   lower   lower_bytes × u8  the lower plane, where the format has one
//   points  2 × f32           scale and bias, with which a code's product becomes a rank
//   details 4 × f32           what only candidates and exact scans are judged by
//   links   link_stride × u32 neighbours, then the node itself until the end: reading a list needs
//                             no length, since a node that is expanded has been visited
//   stands  2 × u32           the slot of a node, and its next twin
//   kin     u32               who a node's twins are
//   deaths  u64               when the slot was removed; kAlive: it was not. In a file 0 or kAlive
//   namers  u32               how many lists name the node
//
// Twins. Nodes that walks cannot tell from one another (hnsw/alike.h) are told to walks as one: the
// first of them, the **head**, has neighbours and is named by lists; those that come later, its
// **twins**, have none, are named by none, and are never begun at. They are a chain behind the
// head, in the order they came: each has the next one, the last has itself. So a group of any size
// costs a walk one node, and whoever finds the head has all of them. A node is head or twin for
// ever, dead or not. A twin is a **copy** when its vector is the head's, bit for bit.
//
// Thread safety: Reserve() and View() belong to one thread (the JavaScript thread), Reserve() only
// while no node is being added. A View's nodes may be read from any thread while other threads add
// some: lists and chains are read and written atomically, and whatever one names is complete.
// Chains grow at their ends, under the lock of the head: what a View has no room for, and what came
// after a Moment, is behind all else.

#ifndef SKALAR_HNSW_GRAPH_H_
#define SKALAR_HNSW_GRAPH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/aligned.h"
#include "base/atomic_ref.h"
#include "base/prefetch.h"
#include "base/status.h"
#include "quant/code.h"
#include "score/query.h"
#include "store/section_file.h"

namespace skalar::hnsw {

inline constexpr uint32_t kNoNode = 0xffffffff;
inline constexpr uint64_t kAlive = ~uint64_t{0};

// Nodes are below this: the beam and chains of twins use the highest bit.
inline constexpr uint32_t kMaxNodes = 1u << 31;

// By a code alone (hnsw/ranker.h).
struct Point {
  float scale;
  float bias;
};

// A node's slot, and its next twin: together, since whoever asks for one needs the other.
struct Stand {
  uint32_t slot;
  uint32_t next;  // the highest bit says that the node is a copy of its head
};

// When a search began: later nodes and later removals do not concern it, so that its answers speak
// of one state.
struct Moment {
  size_t nodes;       // how many there were
  uint64_t removals;  // how many there had been
};

// Relative to the reference length (hnsw/ranker.h).
struct Detail {
  float scale;       // as a point's, of all there is of a code
  float error;       // |x − x̃|, for a vector x and what all of the code stands for
  float code_error;  // the same of what walks read
  float length;      // |x|
};

class Graph {
 public:
  static constexpr size_t kChunkShift = 14;
  static constexpr size_t kChunkNodes = size_t{1} << kChunkShift;

  // `max_links` is the most neighbours of a node: 2M.
  Graph(const CodeFormat& format, size_t max_links);

  const CodeFormat& format() const { return format_; }
  size_t max_links() const { return view_.max_links_; }
  // A multiple of 16, so that lists begin at cache lines.
  size_t link_stride() const { return view_.link_stride_; }

  // The sections of consecutive nodes.
  struct Chunk {
    uint8_t* codes;
    uint8_t* lower;  // null where the format has none
    uint32_t* links;
    Point* points;
    Detail* details;
    Stand* stands;
    uint32_t* kin;
    uint64_t* deaths;
    uint32_t* namers;
  };

  // What keeps a chunk's sections alive: memory, or a file.
  struct Memory {
    std::shared_ptr<const SectionFile> file;
    AlignedArray<uint8_t> codes;
    AlignedArray<uint8_t> lower;
    AlignedArray<uint32_t> links;
    AlignedArray<Point> points;
    AlignedArray<Detail> details;
    AlignedArray<Stand> stands;
    AlignedArray<uint32_t> kin;
    AlignedArray<uint64_t> deaths;
    AlignedArray<uint32_t> namers;
  };

  // Never changed once a View has it.
  struct Table {
    std::vector<Chunk> chunks;
    std::vector<std::shared_ptr<const Memory>> memory;
  };

  // What walks read of codes. A copy stays in registers, whatever a loop writes; a View keeps the
  // memory alive.
  class Codes {
   public:
    Codes(const Chunk* chunks, size_t row_bytes) : chunks_(chunks), row_bytes_(row_bytes) {}

    const uint8_t* Row(uint32_t node) const {
      return ChunkOf(chunks_, node).codes + Index(node) * row_bytes_;
    }
    const Point& PointOf(uint32_t node) const { return ChunkOf(chunks_, node).points[Index(node)]; }
    // Asks for both.
    SKALAR_ONLY_FETCHES void Fetch(uint32_t node) const {
      Prefetch(&PointOf(node));
      Prefetch(Row(node), row_bytes_);
    }

   private:
    const Chunk* chunks_;
    size_t row_bytes_;
  };

  // What is needed to read and write the nodes there is room for. Keeps the memory alive.
  class View {
   public:
    // Nodes there is room for.
    size_t capacity() const { return table_ ? table_->chunks.size() << kChunkShift : 0; }
    size_t code_bytes() const { return code_bytes_; }
    size_t lower_bytes() const { return lower_bytes_; }
    size_t max_links() const { return max_links_; }
    size_t link_stride() const { return link_stride_; }
    Codes codes() const { return {chunks_, code_bytes_}; }
    const Chunk& chunk(size_t index) const { return chunks_[index]; }

    uint8_t* Code(uint32_t node) const { return ChunkOf(node).codes + Index(node) * code_bytes_; }
    // Null where the format has none.
    uint8_t* Lower(uint32_t node) const { return ChunkOf(node).lower + Index(node) * lower_bytes_; }
    uint32_t* Links(uint32_t node) const {
      return ChunkOf(node).links + Index(node) * link_stride_;
    }
    Point& PointOf(uint32_t node) const { return ChunkOf(node).points[Index(node)]; }
    Detail& DetailOf(uint32_t node) const { return ChunkOf(node).details[Index(node)]; }
    // Written before any search can know of the node.
    uint32_t& SlotOf(uint32_t node) const { return StandOf(node).slot; }
    AtomicRef<uint64_t> Death(uint32_t node) const {
      return AtomicRef<uint64_t>(ChunkOf(node).deaths[Index(node)]);
    }
    // The slot that a node stood for; kNoSlot when it stood for none.
    uint32_t SlotAt(uint32_t node, const Moment& moment) const {
      const bool stood =
          node < moment.nodes && Death(node).load(std::memory_order_relaxed) > moment.removals;
      return stood ? SlotOf(node) : kNoSlot;
    }
    // Asks for what SlotAt() reads.
    SKALAR_ONLY_FETCHES void FetchSlot(uint32_t node) const {
      Prefetch(&StandOf(node));
      Prefetch(&ChunkOf(node).deaths[Index(node)]);
    }
    AtomicRef<uint32_t> Namers(uint32_t node) const {
      return AtomicRef<uint32_t>(ChunkOf(node).namers[Index(node)]);
    }

    bool IsTwin(uint32_t node) const { return Kin(node).load(std::memory_order_relaxed) & kMark; }
    // Of a twin; a head's is itself.
    uint32_t HeadOf(uint32_t node) const {
      const uint32_t kin = Kin(node).load(std::memory_order_relaxed);
      return kin & kMark ? kin & ~kMark : node;
    }
    bool HasTwins(uint32_t head) const { return NodeOf(TwinBehind(head)) != head; }
    // Calls visit(node, whether it is a copy) for a head and its twins until it returns false.
    // Whoever calls it may ask FetchSlot() for the head first.
    template <class Visit>
    void EachOf(uint32_t head, Visit visit) const {
      bool copy = false;
      for (uint32_t node = head;;) {
        const uint32_t next = TwinBehind(node);
        if (node != head) copy = IsMarked(next);
        if (!visit(node, copy)) return;
        // Those that were added behind this view are the last.
        if (NodeOf(next) == node || NodeOf(next) >= capacity()) return;
        node = NodeOf(next);
      }
    }
    // The twin behind a node, or itself; the highest bit is set when the node is a copy.
    uint32_t TwinBehind(uint32_t node) const { return Next(node).load(std::memory_order_acquire); }
    // Makes a node a twin, the last one of a head. Requires: no list names it, and nobody else adds
    // to the head's twins.
    void AddTwin(uint32_t head, uint32_t node, bool copy) const {
      Kin(node).store(head | kMark, std::memory_order_relaxed);
      Next(node).store(node | (copy ? kMark : 0), std::memory_order_relaxed);
      const uint32_t last = Kin(head).load(std::memory_order_relaxed);
      const uint32_t mark = Next(last).load(std::memory_order_relaxed) & kMark;
      Next(last).store(node | mark, std::memory_order_release);
      Kin(head).store(node, std::memory_order_relaxed);
    }

   private:
    Stand& StandOf(uint32_t node) const { return ChunkOf(node).stands[Index(node)]; }
    AtomicRef<uint32_t> Next(uint32_t node) const {
      return AtomicRef<uint32_t>(StandOf(node).next);
    }
    // Of a twin its head, marked; of a head its last twin, or itself without one.
    AtomicRef<uint32_t> Kin(uint32_t node) const {
      return AtomicRef<uint32_t>(ChunkOf(node).kin[Index(node)]);
    }
    friend class Graph;
    const Chunk& ChunkOf(uint32_t node) const { return Graph::ChunkOf(chunks_, node); }

    size_t code_bytes_ = 0;
    size_t lower_bytes_ = 0;
    size_t max_links_ = 0;
    size_t link_stride_ = 0;
    const Chunk* chunks_ = nullptr;  // of table_
    std::shared_ptr<const Table> table_;
  };

  // What TwinBehind() tells: the node, and whether the one asked for is a copy of its head.
  static uint32_t NodeOf(uint32_t next) { return next & ~kMark; }
  static bool IsMarked(uint32_t next) { return next & kMark; }

  // Calls visit(the member of Chunk, bytes of a node) for each section, in the order they have in
  // files.
  template <class Visit>
  void EachSection(Visit visit) const {
    visit(&Chunk::codes, format_.code_bytes());
    visit(&Chunk::lower, format_.lower_bytes());
    visit(&Chunk::points, sizeof(Point));
    visit(&Chunk::details, sizeof(Detail));
    visit(&Chunk::links, link_stride() * sizeof(uint32_t));
    visit(&Chunk::stands, sizeof(Stand));
    visit(&Chunk::kin, sizeof(uint32_t));
    visit(&Chunk::deaths, sizeof(uint64_t));
    visit(&Chunk::namers, sizeof(uint32_t));
  }

  // Room for the nodes of a file whose sections begin with this one. Chunks that they fill are
  // mapped, and the rest of them is copied. Requires: there is no room yet, and the sections are as
  // long as they must be for so many nodes.
  Status Map(const std::shared_ptr<const SectionFile>& file, size_t first_section, size_t nodes);

  // Makes room for so many nodes; new ones have no neighbours and no slot.
  Status Reserve(size_t nodes);

  View view() const { return view_; }

  // Bytes allocated.
  size_t memory() const;

 private:
  static const Chunk& ChunkOf(const Chunk* chunks, uint32_t node) {
    return chunks[node >> kChunkShift];
  }
  static constexpr uint32_t kMark = 0x80000000u;
  static size_t Index(uint32_t node) { return node & (kChunkNodes - 1); }

  static Chunk ChunkIn(const Memory& memory);
  size_t ChunkBytes() const;
  // Null when there is no memory.
  std::shared_ptr<const Memory> NewChunk(size_t index) const;

  CodeFormat format_;
  View view_;
};

// An element of a list, read or written while others do. Who reads a node's name sees the node
// whole.
inline uint32_t LoadLink(const uint32_t& link) {
  return AtomicRef<uint32_t>(const_cast<uint32_t&>(link)).load(std::memory_order_acquire);
}
inline void StoreLink(uint32_t& link, uint32_t node) {
  AtomicRef<uint32_t>(link).store(node, std::memory_order_release);
}

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_GRAPH_H_
