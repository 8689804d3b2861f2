#include "hnsw/walk.h"

#include <algorithm>

#include "base/prefetch.h"

namespace skalar::hnsw {
namespace {

// Expansions between two looks at the abort flag: some tens of microseconds.
constexpr size_t kAbortStride = 64;

}  // namespace

Scratch::Scratch(const CodeFormat& format) : prepared(format.components()), query(format) {}

Permit::Permit(const Graph::View& graph, const Moment& moment, const SlotList& allowed)
    : graph_(graph), moment_(moment), all_(allowed == nullptr) {
  if (all_) return;
  bits_.resize(allowed->empty() ? 0 : allowed->back() / 64 + 1);
  for (const uint32_t slot : *allowed) bits_[slot / 64] |= uint64_t{1} << (slot % 64);
}

void Walk::FetchLinks(uint32_t node) const {
  Prefetch(graph_.Links(node), graph_.link_stride() * sizeof(uint32_t));
}

void Walk::Begin(const Width& width) {
  Scratch& scratch = scratch_;
  scratch.beam.Reset(width);
  const size_t words = (graph_.capacity() + 63) / 64;
  if (scratch.seen_.size() < words) scratch.seen_.resize(words);
  scratch.touched_.clear();
  const size_t most = entries_.size() + 2 * graph_.link_stride();
  if (scratch.fresh_.size() < most) scratch.fresh_.resize(most);
  scratch.fresh_count_ = 0;
  GatherEntries();
}

void Walk::End() {
  for (const uint32_t node : scratch_.touched_) scratch_.seen_[node / 64] = 0;
}

bool Walk::IsOver() {
  if (++expanded_ % kAbortStride == 0) stopped_ = IsStopped(abort_);
  return stopped_;
}

void Walk::GatherEntries() {
  for (const uint32_t node : entries_) {
    uint64_t& word = scratch_.seen_[node / 64];
    const uint64_t bit = uint64_t{1} << (node % 64);
    if (word & bit) continue;
    word |= bit;
    scratch_.touched_.push_back(node);
    scratch_.fresh_[scratch_.fresh_count_++] = node;
    Prefetch(graph_.Code(node), graph_.code_bytes());
  }
}

void Walk::GatherFrom(uint32_t node) {
  const uint32_t* links = graph_.Links(node);
  uint64_t* seen = scratch_.seen_.data();
  const size_t capacity = graph_.capacity();
  uint32_t* const fresh = scratch_.fresh_.data() + scratch_.fresh_count_;
  // Without a branch: always written, kept by counting on. Marked afterwards, since many neighbours
  // share a word: each would wait for the one before.
  size_t unseen = 0;
  for (size_t i = 0; i < graph_.link_stride(); ++i) {
    const uint32_t named = LoadLink(links[i]);
    // A node that was added behind this view is passed over, like one that was seen.
    const uint32_t neighbour = named < capacity ? named : node;
    fresh[unseen] = neighbour;
    unseen += ~seen[neighbour / 64] >> (neighbour % 64) & 1;
  }
  size_t count = 0;
  for (size_t i = 0; i < unseen; ++i) {
    const uint32_t neighbour = fresh[i];
    uint64_t& word = seen[neighbour / 64];
    const uint64_t bit = uint64_t{1} << (neighbour % 64);
    // A list that is written meanwhile may name a node twice.
    fresh[count] = neighbour;
    count += (word & bit) == 0;
    word |= bit;
    Prefetch(&graph_.PointOf(neighbour));
    Prefetch(graph_.Code(neighbour), graph_.code_bytes());
  }
  scratch_.touched_.insert(scratch_.touched_.end(), fresh, fresh + count);
  scratch_.fresh_count_ += count;
  ++scratch_.visited;
}

template <class Visit>
void Walk::Score(size_t due, Visit visit) {
  // Few enough for the stack; a list may be longer.
  constexpr size_t kAtOnce = 64;
  const uint8_t* codes[kAtOnce];
  float products[kAtOnce];
  int32_t ranks[kAtOnce];
  uint32_t wanted[kAtOnce];
  const Ranker ranker = scratch_.ranker;
  for (size_t first = 0; first < due; first += kAtOnce) {
    const uint32_t* nodes = scratch_.fresh_.data() + first;
    const size_t count = std::min(kAtOnce, due - first);
    for (size_t i = 0; i < count; ++i) codes[i] = graph_.Code(nodes[i]);
    scratch_.query.Multiply(codes, count, products);
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i) {
      const Point point = graph_.PointOf(nodes[i]);
      ranks[i] = OrderedBits(ranker.Rank(products[i], point.scale, point.bias));
      wanted[kept] = static_cast<uint32_t>(i);
      kept += scratch_.beam.Wants(ranks[i]);
    }
    for (size_t i = 0; i < kept; ++i) visit(ranks[wanted[i]], nodes[wanted[i]]);
  }
  scratch_.distances += due;
  scratch_.fresh_count_ -= due;
  std::copy_n(scratch_.fresh_.data() + due, scratch_.fresh_count_, scratch_.fresh_.data());
}

bool Walk::Gather() {
  const uint32_t node = scratch_.beam.Expand();
  if (node == kNoNode || IsOver()) return false;
  GatherFrom(node);
  return true;
}

void Walk::Settle(size_t due) {
  Beam& beam = scratch_.beam;
  Score(due, [&](int32_t rank, uint32_t node) {
    if (!beam.Wants(rank)) return;
    beam.Insert(rank, node);
    // It will be expanded soon, unless many better ones come.
    FetchLinks(node);
  });
}

bool Walk::Step() {
  const Beam& beam = scratch_.beam;
  const size_t due = scratch_.fresh_count_;
  // One node ahead: its neighbours are on their way while those of the last one are scored. These
  // may be nearer, and it an expansion too many; seldom so, once the beam is filled.
  const bool more = (due > 0 && !beam.filled()) || Gather();
  Settle(due);
  return more || due > 0;
}

void Walk::ToAll(const Width& width) {
  Begin(width);
  while (Step()) continue;
  End();
}

void Walk::ToAll(Walk* a, const Width& width_a, Walk* b, const Width& width_b) {
  a->Begin(width_a);
  b->Begin(width_b);
  for (bool more_of_a = true, more_of_b = true; more_of_a || more_of_b;) {
    more_of_a = more_of_a && a->Step();
    more_of_b = more_of_b && b->Step();
  }
  a->End();
  b->End();
}

void Walk::ToPermitted(const Width& width, const Permit& permit) {
  Beam& beam = scratch_.beam;
  std::vector<int64_t>& frontier = scratch_.frontier_;
  frontier.clear();
  const auto visit = [&](int32_t rank, uint32_t node) {
    if (!beam.Wants(rank)) return;
    frontier.push_back(static_cast<int64_t>(rank) * (int64_t{1} << 32) + node);
    std::push_heap(frontier.begin(), frontier.end());
    if (permit.Allows(node)) beam.Insert(rank, node);
  };
  Begin(width);
  Score(scratch_.fresh_count_, visit);
  while (!frontier.empty() && beam.Wants(static_cast<int32_t>(frontier.front() >> 32))) {
    std::pop_heap(frontier.begin(), frontier.end());
    const auto node = static_cast<uint32_t>(frontier.back());
    frontier.pop_back();
    GatherFrom(node);
    Score(scratch_.fresh_count_, visit);
    if (IsOver()) break;
  }
  End();
}

}  // namespace skalar::hnsw
