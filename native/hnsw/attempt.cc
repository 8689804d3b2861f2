#include "hnsw/attempt.h"

#include <algorithm>
#include <utility>

#include "base/prefetch.h"
#include "flat/rank.h"
#include "hnsw/alike.h"

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

// Twins looked at between two looks at the abort flag.
constexpr size_t kAbortStride = 1024;

size_t Excluded(const Query& query) { return query.excluded != kNoSlot ? 1 : 0; }

}  // namespace

Attempt::Attempt(const Snapshot& snapshot, const Query& query)
    : snapshot_(snapshot),
      query_(query),
      scorer_(snapshot.vectors, query),
      k_(query.k + Excluded(query)),
      ef_(std::max(query.ef, query.k) + Excluded(query)) {
  if (snapshot.frame) aim_.emplace(*snapshot.frame, query.vector.get(), snapshot.vectors.stride());
}

Attempt::~Attempt() {
  if (scratch_ != nullptr) snapshot_.scratches->Give(std::move(scratch_));
}

// A query without direction ranks nothing, and for one that is far away all rows rank alike in
// float32.
bool Attempt::CanRank() const {
  if (aim_) return aim_->norm > 0 && aim_->norm <= kFarthest * snapshot_.reference;
  if (query_.metric == Metric::kEuclidean && snapshot_.metric == Metric::kEuclidean &&
      scorer_.norm() > kFarthest * snapshot_.reference) {
    return false;
  }
  return scorer_.norm() > 0;
}

const Scratch& Attempt::Prepare() {
  scratch_ = snapshot_.scratches->Take();
  float* const prepared = scratch_->prepared.data();
  if (aim_) {
    std::copy(aim_->direction.begin(), aim_->direction.end(), prepared);
  } else {
    scorer_.WriteDirection(prepared);
  }
  snapshot_.format.Prepare(prepared);
  scratch_->query.SetVector(prepared);
  scratch_->ranker = RankerOfQuery(snapshot_.order, scratch_->query.scale(),
                                   aim_ ? aim_->norm : scorer_.norm(), snapshot_.reference);
  scratch_->visited = scratch_->distances = 0;
  return *scratch_;
}

bool Attempt::PassesAll() const {
  const size_t dead = snapshot_.moment.nodes - snapshot_.alive;
  return !query_.allowed && kFewDead * dead <= snapshot_.moment.nodes;
}

Width Attempt::WidthOf(size_t k, size_t ef) const {
  // Of products no multiple tells what is near.
  if (snapshot_.order == Metric::kDot) return Width::Of(ef);
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
    permit_.emplace(snapshot_.graph, snapshot_.moment, query_.allowed);
    walk.ToPermitted(WidthOfLive(), *permit_);
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
  const Scratch& scratch = *scratch_;
  size_t found = Collect();
  const bool dead = snapshot_.moment.nodes > snapshot_.alive;
  if (PassesAll() && dead && found < query_.k && !IsStopped(snapshot_.abort)) {
    permit_.emplace(snapshot_.graph, snapshot_.moment, query_.allowed);
    hnsw::Walk walk(snapshot_.graph, *snapshot_.entries, snapshot_.abort, scratch_.get());
    walk.ToPermitted(WidthOfLive(), *permit_);
    found = Collect();
  }
  answer->visited = scratch.visited;
  answer->distances = scratch.distances;
  answer->candidates = std::max(scratch.beam.size(), scratch.candidates.size());
  if (IsAborted(snapshot_.abort)) return true;
  const size_t answerable = query_.allowed ? query_.allowed->size() : snapshot_.alive;
  const size_t excluded = Excluded(query_);
  const bool complete = found + excluded >= std::min(query_.k + excluded, answerable);
  if (!complete && !IsStopped(snapshot_.abort)) return false;
  if (found > query_.k) Narrow();
  Score(answer);
  return true;
}

float Attempt::Margin() const {
  return (snapshot_.format.planes() ? kPlaneMargin : kFloatMargin) * scratch_->ranker.length;
}

float Attempt::TwinMargin() const {
  return AlikeWithin(snapshot_.format) * scratch_->ranker.length;
}

size_t Attempt::Collect() {
  Scratch& scratch = *scratch_;
  const Graph::View& graph = snapshot_.graph;
  const Beam& beam = scratch.beam;
  scratch.nodes.clear();
  scratch.candidates.clear();
  scratch.copies.clear();
  scratch.has_groups = false;
  const float miss = Margin();
  const float twins_miss = miss + TwinMargin();
  size_t found = 0;
  float least = 0;  // The k-th nearest is at least so near, as far as codes alone can tell.
  for (size_t i = 0; i < beam.size(); ++i) {
    if (i + kAhead < beam.size()) graph.FetchSlot(beam.node(i + kAhead));
    const uint32_t head = beam.node(i);
    const float margin = (graph.HasTwins(head) ? twins_miss : miss) * graph.PointOf(head).scale;
    if (found >= query_.k && beam.rank(i) + margin < least) break;
    const size_t before = found;
    found += CollectGroup(static_cast<uint32_t>(i));
    if (before < query_.k && found >= query_.k) least = beam.rank(i) - margin;
  }
  return found;
}

size_t Attempt::CollectGroup(uint32_t group) {
  Scratch& scratch = *scratch_;
  const Graph::View& graph = snapshot_.graph;
  const uint32_t head = scratch.beam.node(group);
  size_t found = 0;
  const size_t first = scratch.candidates.size();
  size_t original = first;  // of the copies, once there is one
  bool has_original = false;
  size_t visited = 0;
  graph.EachOf(head, [&](uint32_t node, bool copy) {
    if (++visited % kAbortStride == 0 && IsStopped(snapshot_.abort)) return false;
    const uint32_t slot = graph.SlotAt(node, snapshot_.moment);
    if (slot == query_.excluded || !snapshot_.vectors.IsLive(slot)) return true;
    if (permit_ && !permit_->AllowsSlot(slot)) return true;
    ++found;
    if (node == head || copy) {
      if (has_original) {
        ++scratch.candidates[original].count;
        scratch.copies.push_back(slot);
        return true;
      }
      has_original = true;
      original = scratch.candidates.size();
    }
    scratch.nodes.push_back(node);
    scratch.candidates.push_back(
        {slot, group, static_cast<uint32_t>(scratch.copies.size()), 0, 0, 0});
    Prefetch(graph.Lower(node), graph.lower_bytes());
    Prefetch(&graph.DetailOf(node));
    // Most likely one of those that are scored in the end.
    if (scratch.candidates.size() <= query_.k) snapshot_.vectors.FetchRow(slot);
    return true;
  });
  if (scratch.candidates.size() > first + 1) scratch.has_groups = true;
  return found;
}

void Attempt::RankByWholeCodes() {
  Scratch& scratch = *scratch_;
  const Graph::View& graph = snapshot_.graph;
  const std::vector<float>& products = scratch.products.Of(graph, scratch.query, scratch.nodes);
  const float miss = Margin();
  for (size_t i = 0; i < scratch.nodes.size(); ++i) {
    const uint32_t node = scratch.nodes[i];
    const float scale = graph.DetailOf(node).scale;
    Scratch::Candidate& candidate = scratch.candidates[i];
    candidate.rank = scratch.ranker.Rank(products[i], scale, graph.PointOf(node).bias);
    candidate.margin = miss * scale;
  }
}

void Attempt::Narrow() {
  Scratch& scratch = *scratch_;
  std::vector<Scratch::Candidate>& candidates = scratch.candidates;
  // Else all of a group are as near.
  const bool ranked = snapshot_.format.has_lower();
  const size_t most = MostReranked(snapshot_.format, query_.k);
  if (ranked) {
    RankByWholeCodes();
    const size_t sorted =
        scratch.has_groups ? candidates.size() : std::min(most, candidates.size());
    std::partial_sort(candidates.begin(), candidates.begin() + static_cast<ptrdiff_t>(sorted),
                      candidates.end(),
                      [](const auto& a, const auto& b) { return a.rank > b.rank; });
  }
  if (!scratch.has_groups) candidates.resize(std::min(most, candidates.size()));
  scratch.taken.assign(scratch.beam.size(), 0);
  size_t groups = 0;
  size_t before = 0;  // how many are in front, copies and all
  size_t kept = 0;
  float least = 0;
  for (const Scratch::Candidate& candidate : candidates) {
    if (ranked && before >= query_.k && candidate.rank + candidate.margin < least) break;
    uint8_t& taken = scratch.taken[candidate.group];
    if (!taken) {
      if (groups == most) continue;
      taken = 1;
      ++groups;
    }
    const size_t behind = before + 1 + candidate.count;
    if (before < query_.k && behind >= query_.k) least = candidate.rank - candidate.margin;
    before = behind;
    candidates[kept++] = candidate;
  }
  candidates.resize(kept);
}

void Attempt::Score(Hits* answer) const {
  Scratch& scratch = *scratch_;
  scratch.slots.clear();
  for (const Scratch::Candidate& candidate : scratch.candidates) {
    if (candidate.count == 0) scratch.slots.push_back(candidate.slot);
  }
  AddExactly(scorer_, query_, scratch.slots, snapshot_.abort, answer);
  if (scratch.copies.empty()) return;
  for (const Scratch::Candidate& candidate : scratch.candidates) {
    if (candidate.count == 0 || IsStopped(snapshot_.abort)) continue;
    const size_t hits = answer->hits.size();
    scratch.slots.assign(1, candidate.slot);
    AddExactly(scorer_, query_, scratch.slots, snapshot_.abort, answer);
    if (answer->hits.size() > hits) AddCopies(candidate, answer);
  }
}

void Attempt::AddCopies(const Scratch::Candidate& candidate, Hits* answer) const {
  const double score = answer->hits.back().score;
  const uint32_t* copies = scratch_->copies.data() + candidate.copies;
  for (size_t i = 0; i < candidate.count; ++i) answer->hits.push_back({copies[i], score});
}

}  // namespace skalar::hnsw
