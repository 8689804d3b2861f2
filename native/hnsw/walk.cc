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
  scratch.met_count_ = 0;
  scratch.scored_count_ = 0;
  MakeRoom(entries_.size());
  GatherEntries();
}

void Walk::End() {
  for (size_t i = 0; i < scratch_.met_count_; ++i) scratch_.seen_[scratch_.met_[i] / 64] = 0;
}

void Walk::MakeRoom(size_t more) {
  const size_t most = scratch_.met_count_ + more;
  if (scratch_.met_.size() < most) scratch_.met_.resize(2 * most);
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
    scratch_.met_[scratch_.met_count_++] = node;
    graph_.codes().Fetch(node);
  }
}

void Walk::GatherFrom(uint32_t node) {
  const uint32_t* links = graph_.Links(node);
  const size_t stride = graph_.link_stride();
  MakeRoom(stride);
  // A copy: what is written below cannot change it.
  const Graph::Codes codes = graph_.codes();
  uint64_t* const seen = scratch_.seen_.data();
  const size_t capacity = graph_.capacity();
  uint32_t* const fresh = scratch_.met_.data() + scratch_.met_count_;
  // Without a branch: always written, kept by counting on. Marked afterwards, since many neighbours
  // share a word: each would wait for the one before.
  size_t unseen = 0;
  for (size_t i = 0; i < stride; ++i) {
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
    codes.Fetch(neighbour);
  }
  scratch_.met_count_ += count;
  ++scratch_.visited;
}

template <class Visit>
void Walk::Score(size_t due, Visit visit) {
  // Few enough for the stack; a list may be longer.
  constexpr size_t kAtOnce = 64;
  const uint8_t* rows[kAtOnce];
  float products[kAtOnce];
  Point points[kAtOnce];
  int32_t ranks[kAtOnce];
  uint32_t wanted[kAtOnce];
  const Graph::Codes codes = graph_.codes();
  const Ranker ranker = scratch_.ranker;
  for (const size_t end = scratch_.scored_count_ + due; scratch_.scored_count_ < end;) {
    const uint32_t* nodes = scratch_.met_.data() + scratch_.scored_count_;
    const size_t count = std::min(kAtOnce, end - scratch_.scored_count_);
    for (size_t i = 0; i < count; ++i) {
      rows[i] = codes.Row(nodes[i]);
      points[i] = codes.PointOf(nodes[i]);
    }
    scratch_.query.Multiply(rows, count, products);
    for (size_t i = 0; i < count; ++i) {
      ranks[i] = OrderedBits(ranker.Rank(products[i], points[i].scale, points[i].bias));
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i) {
      wanted[kept] = static_cast<uint32_t>(i);
      kept += scratch_.beam.Wants(ranks[i]);
    }
    for (size_t i = 0; i < kept; ++i) visit(ranks[wanted[i]], nodes[wanted[i]]);
    scratch_.scored_count_ += count;
  }
  scratch_.distances += due;
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
  const size_t due = Due();
  // One node ahead: its neighbours are on their way while those of the last one are scored. These
  // may be nearer, and it an expansion too many; seldom so, once the beam is filled.
  const bool more = (due > 0 && !beam.filled()) || Gather();
  Settle(due);
  return more || due > 0;
}

void Walk::ToAll(const Width& width) {
  const Course course(this, width);
  while (Step()) continue;
}

void Walk::ToAll(Walk* a, const Width& width_a, Walk* b, const Width& width_b) {
  const Course course_a(a, width_a);
  const Course course_b(b, width_b);
  for (bool more_of_a = true, more_of_b = true; more_of_a || more_of_b;) {
    more_of_a = more_of_a && a->Step();
    more_of_b = more_of_b && b->Step();
  }
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
  const Course course(this, width);
  Score(Due(), visit);
  while (!frontier.empty() && beam.Wants(static_cast<int32_t>(frontier.front() >> 32))) {
    std::pop_heap(frontier.begin(), frontier.end());
    const auto node = static_cast<uint32_t>(frontier.back());
    frontier.pop_back();
    GatherFrom(node);
    Score(Due(), visit);
    if (IsOver()) break;
  }
}

}  // namespace skalar::hnsw
