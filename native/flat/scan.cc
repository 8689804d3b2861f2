#include "flat/scan.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "flat/rank.h"
#include "simd/kernels.h"

namespace skalar {
namespace {

// Slots scored by one kernel call: a word of live bits, so at 512 dimensions 128 KB, which stays in
// the second-level cache while each query of the group passes over it.
constexpr size_t kStride = 64;

// Slots of a list that make a block: enough to be worth a worker's wake-up.
constexpr size_t kListBlock = 1024;

// Slots of a list that are scored exactly at once: telling them apart in float32 first would cost
// more than it saves.
constexpr size_t kFew = 64;

}  // namespace

struct Scan::Part {
  std::vector<Collector> collectors;
  std::vector<size_t> distances;
};

Scan::Scan(VectorStore::View view, std::vector<Query> queries, AbortFlag abort)
    : view_(std::move(view)), queries_(std::move(queries)), abort_(abort) {
  scorers_.reserve(queries_.size());
  directions_.resize(queries_.size());
  collectors_.reserve(queries_.size());
  for (const Query& query : queries_) {
    const Scorer& scorer = scorers_.emplace_back(view_, query);
    const double floor = query.threshold ? scorer.Rank(*query.threshold).low
                                         : -std::numeric_limits<double>::infinity();
    unused_.emplace_back(query.k, floor);
    collectors_.emplace_back(query.k, floor);
  }
  distances_.resize(queries_.size());
  PlanBlocks();
}

void Scan::PlanBlocks() {
  for (size_t q = 0; q < queries_.size(); ++q) {
    const SlotList& allowed = queries_[q].allowed;
    if (allowed && allowed->size() <= kFew) continue;
    if (IsOfProducts(queries_[q].metric)) {
      directions_[q].resize(view_.stride());
      scorers_[q].WriteDirection(directions_[q].data());
    }
    if (!allowed) {
      shared_.push_back(q);
      continue;
    }
    for (size_t i = 0; i < allowed->size(); i += kListBlock) {
      blocks_.push_back({q, i, std::min(i + kListBlock, allowed->size())});
    }
  }
  if (shared_.empty()) return;
  for (size_t i = 0; i < view_.chunk_count(); ++i) blocks_.push_back({Block::kShared, i, i + 1});
}

size_t Scan::Parallelism() const { return blocks_.size(); }

void Scan::Whiten() {
  for (const Query& query : queries_) {
    if (query.metric == Metric::kMahalanobis) {
      whitened_.resize(queries_.size());
      break;
    }
  }
  for (size_t q = 0; q < whitened_.size(); ++q) {
    if (queries_[q].metric != Metric::kMahalanobis) continue;
    whitened_[q] = WhitenedQuery(*queries_[q].whitened, queries_[q].vector.get());
  }
}

void Scan::Work() {
  if (blocks_.empty()) return;
  std::call_once(whiten_, [this] { Whiten(); });
  Part part{unused_, std::vector<size_t>(queries_.size())};
  size_t taken = 0;
  for (size_t i; (i = next_block_.fetch_add(1)) < blocks_.size() && !IsStopped(abort_); ++taken) {
    const Block& block = blocks_[i];
    if (block.query == Block::kShared) {
      ScanRows(block, &part);
    } else {
      ScanList(block, &part);
    }
  }
  if (taken == 0) return;
  std::lock_guard lock(mutex_);
  for (size_t q = 0; q < queries_.size(); ++q) {
    collectors_[q].Merge(part.collectors[q]);
    distances_[q] += part.distances[q];
  }
}

void Scan::ScanRows(const Block& block, Part* part) const {
  const simd::Kernels& kernels = simd::Active();
  const Chunk& chunk = view_.chunk(block.begin);
  const size_t stride = view_.stride();
  const auto first = static_cast<uint32_t>(block.begin * view_.chunk_slots());
  float dots[kStride];
  for (size_t base = 0; base < view_.chunk_slots(); base += kStride) {
    const uint64_t live = chunk.live[base / 64].load(std::memory_order_acquire);
    if (live == 0) continue;
    const size_t count = std::bit_width(live);
    view_.Touch(first + static_cast<uint32_t>(base), count);
    const float* rows = chunk.rows.get() + base * stride;
    uint32_t slots[kStride];
    size_t found = 0;
    for (uint64_t rest = live; rest != 0; rest &= rest - 1) {
      slots[found++] = first + static_cast<uint32_t>(base) + std::countr_zero(rest);
    }
    for (size_t q : shared_) {
      Collector* collector = &part->collectors[q];
      part->distances[q] += found;
      if (directions_[q].empty()) {
        ConsiderByDistance(q, slots, found, collector);
        continue;
      }
      kernels.dot_rows(directions_[q].data(), rows, stride, count, stride, dots);
      for (size_t j = 0; j < found; ++j) {
        const size_t i = slots[j] - first;
        Consider(q, slots[j], scorers_[q].Bound(dots[i - base], chunk.norms[i]), collector);
      }
    }
  }
}

void Scan::ScanList(const Block& block, Part* part) const {
  const simd::Kernels& kernels = simd::Active();
  const size_t q = block.query;
  const std::vector<uint32_t>& slots = *queries_[q].allowed;
  const float* rows[kStride];
  uint32_t live[kStride];
  float dots[kStride];
  for (size_t i = block.begin; i < block.end;) {
    size_t count = 0;
    for (; i < block.end && count < kStride; ++i) {
      if (!view_.IsLive(slots[i])) continue;
      live[count] = slots[i];
      rows[count++] = view_.Row(slots[i]);
    }
    part->distances[q] += count;
    Collector* collector = &part->collectors[q];
    if (directions_[q].empty()) {
      ConsiderByDistance(q, live, count, collector);
      continue;
    }
    kernels.dot_gather(directions_[q].data(), rows, count, view_.stride(), dots);
    for (size_t j = 0; j < count; ++j) {
      Consider(q, live[j], scorers_[q].Bound(dots[j], view_.NormOf(live[j])), collector);
    }
  }
}

void Scan::ConsiderByDistance(size_t q, const uint32_t* slots, size_t count,
                              Collector* collector) const {
  if (queries_[q].metric == Metric::kMahalanobis)
    return ConsiderWhitened(q, slots, count, collector);
  RankInterval ranks[Scorer::kAtOnce];
  for (size_t i = 0; i < count; i += Scorer::kAtOnce) {
    const size_t some = std::min(Scorer::kAtOnce, count - i);
    scorers_[q].Bound(slots + i, some, ranks);
    for (size_t j = 0; j < some; ++j) Consider(q, slots[i + j], ranks[j], collector);
  }
}

void Scan::ConsiderWhitened(size_t q, const uint32_t* slots, size_t count,
                            Collector* collector) const {
  const WhitenedQuery& query = whitened_[q];
  const Whitened& whitened = *queries_[q].whitened;
  uint32_t known[kStride];
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    if (query.usable() && whitened.Knows(slots[i])) {
      known[found++] = slots[i];
    } else {
      Consider(q, slots[i], WhitenedQuery::kAny, collector);
    }
  }
  if (found == 0) return;
  const VectorStore::View& images = whitened.images;
  float dots[kStride];
  // Rows that lie side by side are read in one go, with some between them where there are few.
  const uint32_t first = known[0];
  const size_t span = known[found - 1] - first + 1;
  const bool adjacent = first / kStride == known[found - 1] / kStride && span < 2 * found;
  if (adjacent) {
    simd::Active().dot_rows(query.direction(), images.Row(first), images.stride(), span,
                            images.stride(), dots);
  } else {
    const float* rows[kStride];
    for (size_t i = 0; i < found; ++i) rows[i] = images.Row(known[i]);
    simd::Active().dot_gather(query.direction(), rows, found, images.stride(), dots);
  }
  for (size_t i = 0; i < found; ++i) {
    const float dot = dots[adjacent ? known[i] - first : i];
    Consider(q, known[i], query.Bound(dot, images.NormOf(known[i])), collector);
  }
}

void Scan::Consider(size_t q, uint32_t slot, RankInterval rank, Collector* collector) const {
  const Scorer& scorer = scorers_[q];
  const Query& query = queries_[q];
  if (rank.high < collector->floor() || slot == query.excluded) return;
  if (query.after) {
    const RankInterval mark = scorer.Rank(query.after->score);
    if (rank.low > mark.high) return;  // surely in front of it
    // Too close to tell: only the exact score decides.
    if (rank.high >= mark.low && !StandsBehind(q, slot)) return;
  }
  collector->Offer(slot, rank);
}

bool Scan::StandsBehind(size_t q, uint32_t slot) const {
  const std::optional<Hit>& after = queries_[q].after;
  if (!after) return true;
  const double score = scorers_[q].Exact(slot);
  if (score != after->score) return scorers_[q].Nearer(after->score, score);
  return after->slot != kNoSlot && slot > after->slot;
}

Status Scan::Finish(std::vector<Hits>* answers) {
  answers->clear();
  for (size_t q = 0; q < queries_.size() && !IsAborted(abort_); ++q) answers->push_back(Rank(q));
  return IsAborted(abort_) ? Status::Aborted() : Status::Ok();
}

// Few slots of a list were left to this.
std::vector<uint32_t> Scan::Candidates(size_t q) {
  std::vector<uint32_t> slots;
  const Query& query = queries_[q];
  if (query.allowed && query.allowed->size() <= kFew) {
    for (const uint32_t slot : *query.allowed) {
      if (!view_.IsLive(slot)) continue;
      ++distances_[q];
      view_.FetchRow(slot);
      if (slot == query.excluded || !StandsBehind(q, slot)) continue;
      slots.push_back(slot);
    }
    return slots;
  }
  for (const Candidate& candidate : collectors_[q].Finish()) slots.push_back(candidate.slot);
  return slots;
}

Hits Scan::Rank(size_t q) {
  Hits answer;
  const std::vector<uint32_t> slots = Candidates(q);
  answer.distances = distances_[q];
  answer.candidates = slots.size();
  AddExactly(scorers_[q], queries_[q], slots, abort_, &answer);
  KeepNearest(scorers_[q], queries_[q].k, &answer);
  return answer;
}

}  // namespace skalar
