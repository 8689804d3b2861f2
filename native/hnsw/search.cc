#include "hnsw/search.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "flat/rank.h"
#include "flat/scan.h"
#include "hnsw/code_scan.h"

namespace skalar::hnsw {
Search::Search(Index* index, VectorStore::View vectors, std::vector<Query> queries, AbortFlag abort)
    : snapshot_{index->options_.metric,
                OrderOf(index->options_.metric),
                std::move(vectors),
                index->graph_.format(),
                index->scratches_,
                index->graph_.view(),
                index->entries_,
                index->reference_,
                index->frame_,
                index->intrinsic_dimension_,
                {index->nodes_, index->removals_},
                index->alive_,
                index->checked(),
                abort},
      queries_(std::move(queries)),
      waiting_(index->WaitingSlots()),
      most_candidates_(index->MostCandidates()),
      answers_(queries_.size()) {}

void Search::Run(size_t first, size_t count) {
  if (IsStopped(snapshot_.abort)) return;
  std::optional<Attempt> attempts[kAtOnce];
  size_t places[kAtOnce];
  size_t walks = 0;
  for (size_t i = first; i < first + count; ++i) {
    if (IsForWalk(queries_[i])) {
      attempts[walks].emplace(snapshot_, queries_[i]);
      places[walks] = i;
      if (attempts[walks]->CanRank()) {
        ++walks;
        continue;
      }
    }
    answers_[i] = ScanAll(queries_[i]);
  }
  if (walks == kAtOnce) {
    Attempt::Walk(&*attempts[0], &*attempts[1]);
  } else if (walks == 1) {
    attempts[0]->Walk();
  }
  for (size_t i = 0; i < walks; ++i) Complete(&*attempts[i], places[i]);
}

Status Search::Finish(std::vector<Hits>* answers) {
  if (IsAborted(snapshot_.abort)) return Status::Aborted();
  *answers = std::move(answers_);
  return Status::Ok();
}

bool Search::IsForWalk(const Query& query) const {
  // A graph knows one order: that of its own metric.
  return !query.exact && query.metric == snapshot_.metric &&
         std::max(query.k, query.ef) <= most_candidates_;
}

void Search::Complete(Attempt* attempt, size_t i) {
  const Query& query = queries_[i];
  Hits* answer = &answers_[i];
  if (!attempt->Finish(answer)) {
    *answer = ScanAll(query);
    return;
  }
  if (IsAborted(snapshot_.abort)) return;
  if (!waiting_->empty()) AddWaiting(query, answer);
  KeepNearest(attempt->scorer(), query.k, answer);
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

Hits Search::ScanAll(const Query& query) const {
  const Moment& moment = snapshot_.moment;
  // What codes of images tell is told by images better (flat/scan.h), as far as there are any.
  if (snapshot_.frame) return ScanSlots(query, query.allowed);
  Attempt attempt(snapshot_, query);
  // What codes say is relied on here, where a walk would only find less.
  const bool by_codes = snapshot_.checked && snapshot_.format.planes() && moment.nodes > 0 &&
                        waiting_->size() <= snapshot_.alive && !query.allowed && !query.after &&
                        IsOfProducts(query.metric) && attempt.CanRank();
  if (!by_codes) return ScanSlots(query, query.allowed);
  const Scratch& prepared = attempt.Prepare();
  const CodeScan scan(snapshot_.graph, moment, snapshot_.vectors, prepared.query, prepared.prepared,
                      attempt.scorer(), snapshot_.metric, prepared.ranker, snapshot_.abort);
  const std::vector<uint32_t> possible = scan.Possible(query.k, query.excluded);
  std::vector<uint32_t> slots;
  std::set_union(possible.begin(), possible.end(), waiting_->begin(), waiting_->end(),
                 std::back_inserter(slots));
  Hits answer = ScanSlots(query, std::make_shared<const std::vector<uint32_t>>(std::move(slots)));
  answer.distances += moment.nodes;
  return answer;
}

Hits Search::ScanSlots(const Query& query, SlotList slots) const {
  Query narrowed = query;
  narrowed.allowed = std::move(slots);
  Scan scan(snapshot_.vectors, {std::move(narrowed)}, snapshot_.abort);
  scan.Work();
  std::vector<Hits> answers;
  // Whoever is aborted is told so by Finish().
  return scan.Finish(&answers).ok() ? std::move(answers[0]) : Hits();
}

}  // namespace skalar::hnsw
