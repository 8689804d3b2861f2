#include "hnsw/attempt.h"

#include <algorithm>
#include <utility>

#include "base/prefetch.h"
#include "flat/rank.h"

namespace skalar::hnsw {
namespace {

// The length of a query relative to that of the longest rows.
constexpr double kFarthest = 1024;

// Codes rank a little wrong: so many more than asked for are scored exactly, at most. An upper
// plane alone ranks sixteen times as coarsely.
size_t MostReranked(const CodeFormat& format, size_t k) {
  return format.codes() == Codes::kInt4 ? 3 * k + 10 : k + std::max<size_t>(10, k / 2);
}

// By how much ranks by planes may miss, in scales of a node's code. The scale of an upper plane is
// half a step, and a component is off by up to that, evenly and independently, which a random
// rotation sees to: by √(1/3) in the mean square, somewhat more where it was clipped, and so is the
// product with a query of length 1. Three standard deviations hold all but a few. That of both
// planes is a whole step, and less would do for the rounding; what is clipped, and the query's own
// steps, come to more.
constexpr float kPlaneMargin = 3 * 0.65f;

// The same by float32, whose scale is the vector's length: some roundings of 2⁻²⁴.
constexpr float kFloatMargin = 3e-6f;

// While dead nodes are at most one in so many, a somewhat wider beam makes up for them.
constexpr size_t kFewDead = 4;

// A beam for `ef` nodes holds this part of them where few are near, and this multiple where many
// are.
constexpr size_t kNarrowest = 3;
constexpr size_t kWidest = 2;

// What is known of nodes lies anywhere in memory: asked for so many nodes ahead.
constexpr size_t kAhead = 8;

size_t Excluded(const Query& query) { return query.excluded != kNoSlot ? 1 : 0; }

}  // namespace

Attempt::Attempt(const Snapshot& snapshot, const Query& query)
    : snapshot_(snapshot),
      query_(query),
      scorer_(snapshot.vectors, snapshot.metric, query),
      k_(query.k + Excluded(query)),
      ef_(std::max(query.ef, query.k) + Excluded(query)) {}

Attempt::~Attempt() {
  if (scratch_ != nullptr) snapshot_.scratches->Give(std::move(scratch_));
}

// A query without direction ranks nothing, and for one that is far away all rows rank alike in
// float32.
bool Attempt::CanRank() const {
  if (snapshot_.metric == Metric::kEuclidean && scorer_.norm() > kFarthest * snapshot_.reference) {
    return false;
  }
  return scorer_.norm() > 0;
}

const Scratch& Attempt::Prepare() {
  scratch_ = snapshot_.scratches->Take();
  float* const prepared = scratch_->prepared.data();
  scorer_.WriteDirection(prepared);
  snapshot_.format.Prepare(prepared);
  scratch_->query.SetVector(prepared);
  scratch_->ranker =
      RankerOfQuery(snapshot_.metric, scratch_->query.scale(), scorer_.norm(), snapshot_.reference);
  scratch_->visited = scratch_->distances = 0;
  return *scratch_;
}

bool Attempt::PassesAll() const {
  const size_t dead = snapshot_.moment.nodes - snapshot_.alive;
  return !query_.allowed && kFewDead * dead <= snapshot_.moment.nodes;
}

Width Attempt::WidthOf(size_t k, size_t ef) const {
  // Of products no multiple tells what is near.
  if (snapshot_.metric == Metric::kDot) return Width::Of(ef);
  const float reach = snapshot_.intrinsic_dimension.Reach(k, ef);
  return {std::max(k, ef / kNarrowest), kWidest * ef, k, reach, scratch_->ranker.nearest};
}

Width Attempt::WidthOfLive() const { return WidthOf(k_, ef_); }

Width Attempt::WidthOfAll() const {
  const size_t dead = snapshot_.moment.nodes - snapshot_.alive;
  const auto with_dead = [&](size_t count) {
    return count + (dead > 0 ? count * dead / snapshot_.alive + 1 : 0);
  };
  return WidthOf(with_dead(k_), with_dead(ef_));
}

void Attempt::Walk() {
  Prepare();
  hnsw::Walk walk(snapshot_.graph, *snapshot_.entries, snapshot_.abort, scratch_.get());
  if (PassesAll()) {
    walk.ToAll(WidthOfAll());
  } else {
    walk.ToPermitted(WidthOfLive(), Permit(snapshot_.graph, snapshot_.moment, query_.allowed));
  }
}

void Attempt::Walk(Attempt* a, Attempt* b) {
  if (!a->PassesAll() || !b->PassesAll()) {
    a->Walk();
    b->Walk();
    return;
  }
  a->Prepare();
  b->Prepare();
  const Snapshot& snapshot = a->snapshot_;
  hnsw::Walk walk_a(snapshot.graph, *snapshot.entries, snapshot.abort, a->scratch_.get());
  hnsw::Walk walk_b(snapshot.graph, *snapshot.entries, snapshot.abort, b->scratch_.get());
  hnsw::Walk::ToAll(&walk_a, a->WidthOfAll(), &walk_b, b->WidthOfAll());
}

bool Attempt::Finish(Hits* answer) {
  Scratch& scratch = *scratch_;
  Collect();
  const bool dead = snapshot_.moment.nodes > snapshot_.alive;
  if (PassesAll() && dead && scratch.slots.size() < query_.k && !IsStopped(snapshot_.abort)) {
    hnsw::Walk walk(snapshot_.graph, *snapshot_.entries, snapshot_.abort, scratch_.get());
    walk.ToPermitted(WidthOfLive(), Permit(snapshot_.graph, snapshot_.moment, query_.allowed));
    Collect();
  }
  answer->visited = scratch.visited;
  answer->distances = scratch.distances;
  answer->candidates = scratch.beam.size();
  if (IsAborted(snapshot_.abort)) return true;
  const size_t answerable = query_.allowed ? query_.allowed->size() : snapshot_.alive;
  const size_t excluded = Excluded(query_);
  const bool complete =
      scratch.slots.size() + excluded >= std::min(query_.k + excluded, answerable);
  if (!complete && !IsStopped(snapshot_.abort)) return false;
  if (scratch.slots.size() > query_.k) Narrow();
  AddExactly(scorer_, query_, scratch.slots, snapshot_.abort, answer);
  return true;
}

float Attempt::Margin() const {
  return (snapshot_.format.planes() ? kPlaneMargin : kFloatMargin) * scratch_->ranker.length;
}

void Attempt::Collect() {
  Scratch& scratch = *scratch_;
  const Graph::View& graph = snapshot_.graph;
  const Beam& beam = scratch.beam;
  scratch.nodes.clear();
  scratch.slots.clear();
  const float miss = Margin();
  float least = 0;  // The k-th nearest is at least so near, as far as codes alone can tell.
  for (size_t i = 0; i < beam.size(); ++i) {
    if (i + kAhead < beam.size()) graph.FetchSlot(beam.node(i + kAhead));
    const uint32_t node = beam.node(i);
    const float margin = miss * graph.PointOf(node).scale;
    if (scratch.slots.size() >= query_.k && beam.rank(i) + margin < least) break;
    const uint32_t slot = graph.SlotAt(node, snapshot_.moment);
    if (slot == query_.excluded || !snapshot_.vectors.IsLive(slot)) continue;
    scratch.nodes.push_back(node);
    scratch.slots.push_back(slot);
    Prefetch(graph.Lower(node), graph.lower_bytes());
    Prefetch(&graph.DetailOf(node));
    // Most likely one of those that are scored in the end.
    if (scratch.slots.size() <= query_.k) snapshot_.vectors.FetchRow(slot);
    if (scratch.slots.size() == query_.k) least = beam.rank(i) - margin;
  }
}

void Attempt::Narrow() {
  Scratch& scratch = *scratch_;
  const size_t most = std::min(MostReranked(snapshot_.format, query_.k), scratch.slots.size());
  if (!snapshot_.format.has_lower()) {
    scratch.slots.resize(most);
    return;
  }
  const Graph::View& graph = snapshot_.graph;
  const std::vector<float>& products = scratch.products.Of(graph, scratch.query, scratch.nodes);
  std::vector<Scratch::Refined>& refined = scratch.refined;
  const float miss = Margin();
  refined.clear();
  for (size_t i = 0; i < scratch.nodes.size(); ++i) {
    const uint32_t node = scratch.nodes[i];
    const float scale = graph.DetailOf(node).scale;
    const float rank = scratch.ranker.Rank(products[i], scale, graph.PointOf(node).bias);
    refined.push_back({rank, miss * scale, scratch.slots[i]});
  }
  const size_t k = query_.k;
  std::partial_sort(refined.begin(), refined.begin() + static_cast<ptrdiff_t>(most), refined.end(),
                    [](const auto& a, const auto& b) { return a.rank > b.rank; });
  const float least = refined[k - 1].rank - refined[k - 1].margin;
  scratch.slots.clear();
  for (size_t i = 0; i < most; ++i) {
    if (i >= k && refined[i].rank + refined[i].margin < least) break;
    scratch.slots.push_back(refined[i].slot);
  }
}

}  // namespace skalar::hnsw
