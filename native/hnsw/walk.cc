#include "hnsw/walk.h"

#include <algorithm>

#include "base/prefetch.h"
#include "simd/kernels.h"

namespace skalar::hnsw {
namespace {

// Nodes scored at once, at most: two of the longest lists.
constexpr size_t kMostScored = 2048;

// Of codes as short as this one list does not keep memory busy: two nodes are expanded at once.
constexpr size_t kSmallCode = 256;

// Expansions between two looks at the abort flag: some tens of microseconds.
constexpr size_t kAbortStride = 64;

}  // namespace

Scratch::Scratch(size_t code_bytes) : rotated(code_bytes) {
  query.bytes = AllocateAligned<int8_t>(code_bytes);
}

Permit::Permit(const Graph::View& graph, const Moment& moment, const SlotList& allowed)
    : graph_(graph), moment_(moment), all_(allowed == nullptr) {
  if (all_) return;
  bits_.resize(allowed->empty() ? 0 : allowed->back() / 64 + 1);
  for (const uint32_t slot : *allowed) bits_[slot / 64] |= uint64_t{1} << (slot % 64);
}

void Walk::FetchLinks(uint32_t node) const {
  Prefetch(graph_.Links(node), graph_.link_stride() * sizeof(uint32_t));
}

void Walk::Begin() {
  const size_t words = (graph_.capacity() + 63) / 64;
  if (scratch_.seen_.size() < words) scratch_.seen_.resize(words);
  scratch_.touched_.clear();
}

void Walk::End() {
  for (const uint32_t node : scratch_.touched_) scratch_.seen_[node / 64] = 0;
}

template <class Visit>
void Walk::Score(const uint32_t* nodes, size_t count, Visit visit) {
  const uint8_t* codes[kMostScored];
  int32_t products[kMostScored];
  uint32_t ranks[kMostScored];
  Point points[kMostScored];
  for (size_t i = 0; i < count; ++i) {
    codes[i] = graph_.Code(nodes[i]);
    Prefetch(&graph_.PointOf(nodes[i]));
  }
  const CodeQuery& query = scratch_.query;
  simd::Active().dot_codes(query.bytes.get(), codes, count, graph_.code_bytes(), products);
  for (size_t i = 0; i < count; ++i) points[i] = graph_.PointOf(nodes[i]);
  const Ranker ranker = scratch_.ranker;
  for (size_t i = 0; i < count; ++i) {
    ranks[i] = OrderedBits(ranker.Rank(products[i], query.offset, points[i]));
  }
  for (size_t i = 0; i < count; ++i) visit(ranks[i], nodes[i]);
  scratch_.distances += count;
}

size_t Walk::Fresh(uint32_t node, uint32_t* fresh) {
  const uint32_t* links = graph_.Links(node);
  uint64_t* seen = scratch_.seen_.data();
  const size_t capacity = graph_.capacity();
  size_t count = 0;
  // Without a branch: always written, kept by counting on.
  for (size_t i = 0; i < graph_.link_stride(); ++i) {
    const uint32_t named = LoadLink(links[i]);
    // A node that was added behind this view is passed over, like one that was seen.
    const uint32_t neighbour = named < capacity ? named : node;
    uint64_t& word = seen[neighbour / 64];
    const uint64_t bit = uint64_t{1} << (neighbour % 64);
    fresh[count] = neighbour;
    count += (word & bit) == 0;
    word |= bit;
  }
  scratch_.touched_.insert(scratch_.touched_.end(), fresh, fresh + count);
  ++scratch_.visited;
  return count;
}

template <class Visit>
void Walk::ScoreEntries(Visit visit) {
  for (const uint32_t node : entries_) {
    uint64_t& word = scratch_.seen_[node / 64];
    const uint64_t bit = uint64_t{1} << (node % 64);
    if (word & bit) continue;
    word |= bit;
    scratch_.touched_.push_back(node);
    Score(&node, 1, visit);
  }
}

void Walk::ToAll(size_t ef) {
  Begin();
  Beam& beam = scratch_.beam;
  beam.Reset(ef);
  const auto visit = [&](uint32_t rank, uint32_t node) {
    if (!beam.Wants(rank)) return;
    beam.Insert(rank, node);
    // It will be expanded soon, unless many better ones come.
    FetchLinks(node);
  };
  ScoreEntries(visit);
  uint32_t fresh[kMostScored];
  const bool two = graph_.code_bytes() <= kSmallCode;
  size_t expanded = 0;
  for (uint32_t node; (node = beam.Expand()) != kNoNode;) {
    size_t count = Fresh(node, fresh);
    if (two) {
      const uint32_t second = beam.Expand();
      if (second != kNoNode) count += Fresh(second, fresh + count);
    }
    Score(fresh, count, visit);
    if (++expanded % kAbortStride == 0 && IsStopped(abort_)) break;
  }
  End();
}

void Walk::ToPermitted(size_t ef, const Permit& permit) {
  Begin();
  Beam& beam = scratch_.beam;
  beam.Reset(ef);
  std::vector<uint64_t>& frontier = scratch_.frontier_;
  frontier.clear();
  const auto visit = [&](uint32_t rank, uint32_t node) {
    if (!beam.Wants(rank)) return;
    frontier.push_back(static_cast<uint64_t>(rank) << 32 | node);
    std::push_heap(frontier.begin(), frontier.end());
    if (permit.Allows(node)) beam.Insert(rank, node);
  };
  ScoreEntries(visit);
  uint32_t fresh[kMostScored];
  size_t expanded = 0;
  while (!frontier.empty() && beam.Wants(static_cast<uint32_t>(frontier.front() >> 32))) {
    std::pop_heap(frontier.begin(), frontier.end());
    const auto node = static_cast<uint32_t>(frontier.back());
    frontier.pop_back();
    Score(fresh, Fresh(node, fresh), visit);
    if (++expanded % kAbortStride == 0 && IsStopped(abort_)) break;
  }
  End();
}

}  // namespace skalar::hnsw
