#include "hnsw/search.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "flat/rank.h"
#include "flat/scan.h"
#include "hnsw/code_scan.h"

namespace skalar::hnsw {
namespace {

// The length of a query relative to that of the longest rows.
constexpr double kFarthest = 1024;

// Codes rank a little wrong: so many more candidates than asked for are scored exactly.
size_t Reranked(size_t k) { return k + std::max<size_t>(10, k / 2); }

// Rows that are fetched before all candidates are known.
constexpr size_t kRowsFetched = 3;

// By how much a rank may miss, three standard deviations: each component of a code, and of the
// query, is off by up to half a step, evenly and independently, which a random rotation sees to.
float Margin(const Ranker& ranker, const Point& point) {
  // A step of a unit vector's code is about as large as the query's; √(2 / 12) of it each.
  return 3 * 0.408f * point.scale * ranker.length;
}

// While dead nodes are at most one in so many, a somewhat wider beam makes up for them.
constexpr size_t kFewDead = 4;

}  // namespace

Search::Search(Index* index, VectorStore::View vectors, std::vector<Query> queries, AbortFlag abort)
    : metric_(index->options_.metric),
      vectors_(std::move(vectors)),
      queries_(std::move(queries)),
      abort_(abort),
      rotation_(index->rotation_),
      scratches_(index->scratches_),
      graph_(index->graph_.view()),
      entries_(index->entries_),
      waiting_(index->WaitingSlots()),
      reference_(index->reference_),
      moment_{index->nodes_, index->removals_},
      alive_(index->alive_),
      most_candidates_(index->MostCandidates()),
      answers_(queries_.size()) {}

void Search::Run(size_t i) {
  const Query& query = queries_[i];
  if (IsStopped(abort_)) return;
  const bool scan = query.exact || std::max(query.k, query.ef) > most_candidates_;
  if (scan || !Walk(query, &answers_[i])) answers_[i] = ScanAll(query);
}

Status Search::Finish(std::vector<Hits>* answers) {
  if (IsAborted(abort_)) return Status::Aborted();
  *answers = std::move(answers_);
  return Status::Ok();
}

bool Search::Walk(const Query& query, Hits* answer) const {
  const Scorer scorer(vectors_, metric_, query);
  if (!CanRank(scorer)) return false;
  const std::vector<uint32_t> candidates = Candidates(query, scorer, answer);
  if (IsAborted(abort_)) return true;
  // Where the walk did not come by as many as there are: deletions can tear a graph apart.
  const size_t answerable = query.allowed ? query.allowed->size() : alive_;
  const size_t excluded = query.excluded != kNoSlot ? 1 : 0;
  const bool complete = candidates.size() + excluded >= std::min(query.k + excluded, answerable);
  if (!complete && !IsStopped(abort_)) return false;
  AddExactly(vectors_, scorer, query, candidates, abort_, answer);
  if (!waiting_->empty()) AddWaiting(query, answer);
  KeepNearest(scorer, query.k, answer);
  return true;
}

void Search::AddWaiting(const Query& query, Hits* answer) const {
  SlotList slots = waiting_;
  if (query.allowed) {
    std::vector<uint32_t> both;
    std::set_intersection(waiting_->begin(), waiting_->end(), query.allowed->begin(),
                          query.allowed->end(), std::back_inserter(both));
    slots = std::make_shared<const std::vector<uint32_t>>(std::move(both));
  }
  const Hits waiting = ScanSlots(query, std::move(slots));
  answer->hits.insert(answer->hits.end(), waiting.hits.begin(), waiting.hits.end());
  answer->distances += waiting.distances;
  answer->candidates += waiting.candidates;
  answer->reranked += waiting.reranked;
}

std::vector<uint32_t> Search::Candidates(const Query& query, const Scorer& scorer,
                                         Hits* answer) const {
  const size_t excluded = query.excluded != kNoSlot ? 1 : 0;
  const size_t ef = std::max(query.ef, query.k) + excluded;
  const size_t count = std::min(Reranked(query.k), ef);
  std::unique_ptr<Scratch> scratch = scratches_->Take();
  Prepare(scorer, scratch.get());

  std::vector<uint32_t> slots;
  slots.reserve(count);
  const auto collect = [&] {
    slots.clear();
    const Beam& beam = scratch->beam;
    float least = 0;  // The k-th nearest is at least so near, as far as codes can tell.
    for (size_t i = 0; i < beam.size() && slots.size() < count; ++i) {
      const float margin = Margin(scratch->ranker, graph_.PointOf(beam.node(i)));
      if (slots.size() >= query.k && beam.rank(i) + margin < least) break;
      const uint32_t slot = graph_.SlotAt(beam.node(i), moment_);
      if (slot == query.excluded || !vectors_.IsLive(slot)) continue;
      if (slots.size() < kRowsFetched) FetchRow(vectors_, slot);
      slots.push_back(slot);
      if (slots.size() == query.k) least = beam.rank(i) - margin;
    }
  };
  hnsw::Walk walk(graph_, *entries_, abort_, scratch.get());
  const size_t dead = moment_.nodes - alive_;
  bool enough = false;
  if (!query.allowed && kFewDead * dead <= moment_.nodes) {
    walk.ToAll(ef + (dead > 0 ? ef * dead / alive_ + 1 : 0));
    collect();
    enough = dead == 0 || slots.size() >= query.k;
  }
  if (!enough && !IsStopped(abort_)) {
    walk.ToPermitted(ef, Permit(graph_, moment_, query.allowed));
    collect();
  }
  answer->visited = scratch->visited;
  answer->distances = scratch->distances;
  answer->candidates = scratch->beam.size();
  scratches_->Give(std::move(scratch));
  return slots;
}

void Search::Prepare(const Scorer& scorer, Scratch* scratch) const {
  std::vector<float>& rotated = scratch->rotated;
  std::fill(std::copy_n(scorer.direction(), vectors_.dimension(), rotated.begin()), rotated.end(),
            0.0f);
  rotation_->Apply(rotated.data());
  EncodeQuery(rotated.data(), rotated.size(), &scratch->query);
  scratch->ranker = RankerOfQuery(metric_, scratch->query.scale, scorer.norm(), reference_);
  scratch->visited = scratch->distances = 0;
}

// A query without direction ranks nothing, and for one that is far away all rows rank alike in
// float32.
bool Search::CanRank(const Scorer& scorer) const {
  if (metric_ == Metric::kEuclidean && scorer.norm() > kFarthest * reference_) return false;
  return scorer.norm() > 0;
}

Hits Search::ScanAll(const Query& query) const {
  const Scorer scorer(vectors_, metric_, query);
  const bool by_codes = moment_.nodes > 0 && waiting_->size() <= alive_ && !query.allowed &&
                        !query.after && CanRank(scorer);
  if (!by_codes) return ScanSlots(query, query.allowed);
  std::unique_ptr<Scratch> scratch = scratches_->Take();
  Prepare(scorer, scratch.get());
  const CodeScan scan(graph_, moment_, vectors_, scratch->query, scratch->rotated, scratch->ranker,
                      abort_);
  const std::vector<uint32_t> possible = scan.Possible(query.k, query.excluded);
  scratches_->Give(std::move(scratch));
  std::vector<uint32_t> slots;
  std::set_union(possible.begin(), possible.end(), waiting_->begin(), waiting_->end(),
                 std::back_inserter(slots));
  Hits answer = ScanSlots(query, std::make_shared<const std::vector<uint32_t>>(std::move(slots)));
  answer.distances += moment_.nodes;
  return answer;
}

Hits Search::ScanSlots(const Query& query, SlotList slots) const {
  Query narrowed = query;
  narrowed.allowed = std::move(slots);
  Scan scan(vectors_, metric_, {std::move(narrowed)}, abort_);
  scan.Work();
  std::vector<Hits> answers;
  // Whoever is aborted is told so by Finish().
  return scan.Finish(&answers).ok() ? std::move(answers[0]) : Hits();
}

}  // namespace skalar::hnsw
