#include "hnsw/weight_bounds.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/prefetch.h"
#include "hnsw/cosine_bounds.h"
#include "score/scorer.h"

namespace skalar::hnsw {
namespace {

// Rows that all heads pass over before the next: their codes stay in the second-level cache, at
// 512 components 32 KB of each plane.
constexpr size_t kStretch = 128;

// Nodes and waiting slots that make a block: enough to be worth a worker's wake-up. A block of
// nodes lies in one chunk of the graph.
constexpr size_t kNodeBlock = 4096;
constexpr size_t kWaitingBlock = 1024;

// Rows that are scored exactly for a head in the end: where few rows weigh most of what there is,
// it is these.
constexpr size_t kMostExact = 256;

size_t DivideUp(size_t a, size_t b) { return (a + b - 1) / b; }

bool IsLarger(const Hit& a, const Hit& b) {
  return a.score != b.score ? a.score > b.score : a.slot < b.slot;
}

Query QueryOf(const Head& head) {
  Query query;
  query.vector = Borrowed(head.query.data());
  query.metric = Metric::kDot;
  return query;
}

}  // namespace

struct WeightBounds::Prepared {
  Prepared(const VectorStore::View& vectors, const Head& head, const CodeFormat& format)
      : query(QueryOf(head)),
        scorer(vectors, query),
        direction(format.components()),
        codes(format),
        excluded(head.excluded) {
    for (const uint32_t slot : excluded) marks |= uint64_t{1} << (slot % 64);
    if (!format.planes()) return;
    scorer.WriteDirection(direction.data());
    format.Prepare(direction.data());
    codes.SetVector(direction.data());
    cosines.emplace(codes, direction.data());
  }

  bool Excludes(uint32_t slot) const {
    // Few slots are marked where few are excluded.
    return (marks >> (slot % 64) & 1) != 0 &&
           std::binary_search(excluded.begin(), excluded.end(), slot);
  }

  const Query query;
  const Scorer scorer;
  std::vector<float> direction;
  CodeQuery codes;
  std::optional<CosineBounds> cosines;  // of planes
  // The largest logit of the rows that are excluded, if there are any: those that were read.
  double heaviest = kNothing;
  const std::vector<uint32_t>& excluded;
  uint64_t marks = 0;  // bit s % 64 of each excluded slot s
};

// Consecutive nodes, or slots that wait. Those that take no part have kNoSlot.
struct WeightBounds::Rows {
  size_t count = 0;
  size_t taking_part = 0;
  uint32_t slots[kStretch];
  double norms[kStretch];

  void Add(uint32_t slot, bool takes_part, const VectorStore::View& vectors) {
    slots[count] = takes_part ? slot : kNoSlot;
    norms[count++] = takes_part ? vectors.NormOf(slot) : 0;
    taking_part += takes_part;
  }
};

// What one worker has found for one head.
struct WeightBounds::Part {
  Total total;
  // Rows with the largest bounds, which are not in the sum: a heap, with the least in front. So it
  // does not depend on who comes to which rows what is scored exactly, of all that there are.
  std::vector<Hit> largest;
  // Whether most rows are worth a look at both planes, by the last ones.
  bool is_whole = false;

  // Keeps a row among those with the largest bounds. True where a row is to be added to the sum
  // instead, with this logit.
  bool Keep(const Hit& row, double* logit) {
    if (largest.size() == kMostExact) {
      if (!IsLarger(row, largest.front())) return true;
      *logit = largest.front().score;
      std::pop_heap(largest.begin(), largest.end(), IsLarger);
      largest.back() = row;
      std::push_heap(largest.begin(), largest.end(), IsLarger);
      return true;
    }
    largest.push_back(row);
    std::push_heap(largest.begin(), largest.end(), IsLarger);
    return false;
  }
};

WeightBounds::WeightBounds(Index* index, VectorStore::View vectors, const Weighting& weighting,
                           std::vector<Head> heads, SlotList members, AbortFlag abort)
    : vectors_(std::move(vectors)),
      weighting_(weighting),
      heads_(std::move(heads)),
      members_(std::move(members)),
      abort_(abort),
      format_(index->graph_.format()),
      graph_(index->graph_.view()),
      moment_{index->nodes_, index->removals_},
      waiting_(index->WaitingSlots()),
      node_blocks_(DivideUp(moment_.nodes, kNodeBlock)),
      waiting_blocks_(DivideUp(waiting_->size(), kWaitingBlock)),
      negligible_(std::log(static_cast<double>(moment_.nodes) + 1) + 3),
      parts_(heads_.size()) {}

WeightBounds::~WeightBounds() = default;

void WeightBounds::Prepare() {
  const std::lock_guard lock(mutex_);
  if (permit_ != nullptr) return;
  for (size_t h = prepared_.size(); h < heads_.size() && !IsStopped(abort_); ++h) {
    auto prepared = std::make_unique<Prepared>(vectors_, heads_[h], format_);
    prepared->heaviest = HeaviestExcluded(*prepared);
    prepared_.push_back(std::move(prepared));
  }
  permit_ = std::make_unique<const Permit>(graph_, moment_, members_);
}

void WeightBounds::Work() {
  Prepare();
  std::vector<Part> parts(heads_.size());
  for (size_t i; (i = next_block_.fetch_add(1)) < Parallelism() && !IsStopped(abort_);) {
    if (i < node_blocks_) {
      ReadNodes(i, &parts);
    } else {
      ReadWaiting(i - node_blocks_, &parts);
    }
  }
  const std::lock_guard lock(mutex_);
  for (size_t h = 0; h < heads_.size(); ++h) {
    parts_[h].total.Add(parts[h].total);
    for (const Hit& row : parts[h].largest) {
      double logit = row.score;
      if (parts_[h].Keep(row, &logit)) parts_[h].total.AddWeights(&logit, 1);
    }
  }
}

Status WeightBounds::Finish(std::vector<Total>* totals) {
  totals->clear();
  for (size_t h = 0; h < heads_.size() && !IsStopped(abort_); ++h) {
    ScoreLargest(*prepared_[h], &parts_[h]);
    totals->push_back(parts_[h].total);
  }
  return IsStopped(abort_) ? Status::Aborted() : Status::Ok();
}

bool WeightBounds::TakesPart(uint32_t slot) const {
  return permit_->AllowsSlot(slot) && vectors_.IsLive(slot);
}

void WeightBounds::ReadNodes(size_t block, std::vector<Part>* parts) const {
  static_assert(Graph::kChunkNodes % kNodeBlock == 0);
  const size_t end = std::min((block + 1) * kNodeBlock, moment_.nodes);
  for (Part& part : *parts) part.is_whole = format_.has_lower();
  for (size_t first = block * kNodeBlock; first < end && !IsStopped(abort_); first += kStretch) {
    const size_t count = std::min(kStretch, end - first);
    Rows rows;
    uint32_t slots[kStretch];
    for (size_t i = 0; i < count; ++i) {
      const auto node = static_cast<uint32_t>(first + i);
      slots[i] = graph_.SlotAt(node, moment_);
      if (slots[i] != kNoSlot) vectors_.FetchNorm(slots[i]);
      // Kernels look at rows abreast, which prefetchers do not follow well.
      Prefetch(graph_.Code(node), graph_.code_bytes());
      if (format_.has_lower()) Prefetch(graph_.Lower(node), graph_.lower_bytes());
    }
    for (size_t i = 0; i < count; ++i) rows.Add(slots[i], TakesPart(slots[i]), vectors_);
    if (rows.taking_part == 0) continue;
    for (size_t h = 0; h < heads_.size(); ++h) {
      BoundNodes(h, static_cast<uint32_t>(first), rows, &(*parts)[h]);
    }
  }
}

void WeightBounds::BoundNodes(size_t h, uint32_t first, const Rows& rows, Part* part) const {
  const double least = prepared_[h]->heaviest - negligible_;
  double logits[kStretch];
  std::fill_n(logits, rows.count, kNothing);
  if (!part->is_whole) BoundByUpper(h, first, rows, logits);
  uint32_t places[kStretch];
  size_t count = 0;
  for (size_t i = 0; i < rows.count && format_.has_lower(); ++i) {
    const bool may_weigh = part->is_whole || logits[i] > least;
    if (may_weigh && rows.slots[i] != kNoSlot) places[count++] = static_cast<uint32_t>(i);
  }
  BoundByBoth(h, first, rows, places, count, logits);
  Absorb(h, rows, logits, part);
  const auto weighing =
      std::count_if(logits, logits + rows.count, [least](double logit) { return logit > least; });
  part->is_whole = format_.has_lower() && 2 * static_cast<size_t>(weighing) > rows.taking_part;
}

void WeightBounds::BoundByUpper(size_t h, uint32_t first, const Rows& rows, double* logits) const {
  const Prepared& head = *prepared_[h];
  const Point* points = &graph_.PointOf(first);
  const Detail* details = &graph_.DetailOf(first);
  float products[kStretch];
  head.codes.MultiplyRows(graph_.Code(first), rows.count, products);
  for (size_t i = 0; i < rows.count; ++i) {
    const auto [low, high] =
        head.cosines->Of(products[i], points[i].scale, details[i].code_error, details[i].length);
    logits[i] = Most(low, high, rows.norms[i], head.scorer.norm());
  }
}

void WeightBounds::BoundByBoth(size_t h, uint32_t first, const Rows& rows, const uint32_t* places,
                               size_t count, double* logits) const {
  if (count == 0) return;
  const Prepared& head = *prepared_[h];
  const uint8_t* codes[kStretch] = {};
  const uint8_t* lowers[kStretch] = {};
  float products[kStretch];
  for (size_t i = 0; i < count; ++i) {
    codes[i] = graph_.Code(first + places[i]);
    lowers[i] = graph_.Lower(first + places[i]);
  }
  head.codes.MultiplyWhole(codes, lowers, count, products);
  for (size_t i = 0; i < count; ++i) {
    const Detail& detail = graph_.DetailOf(first + places[i]);
    const auto [low, high] =
        head.cosines->Of(products[i], detail.scale, detail.error, detail.length);
    logits[places[i]] = Most(low, high, rows.norms[places[i]], head.scorer.norm());
  }
}

void WeightBounds::ReadWaiting(size_t block, std::vector<Part>* parts) const {
  const std::vector<uint32_t>& waiting = *waiting_;
  const size_t end = std::min((block + 1) * kWaitingBlock, waiting.size());
  for (size_t at = block * kWaitingBlock; at < end && !IsStopped(abort_);) {
    Rows rows;
    for (; at < end && rows.count < kStretch; ++at) {
      if (TakesPart(waiting[at])) rows.Add(waiting[at], true, vectors_);
    }
    double logits[kStretch];
    for (size_t h = 0; h < heads_.size(); ++h) {
      BoundByRows(*prepared_[h], rows, logits);
      Absorb(h, rows, logits, &(*parts)[h]);
    }
  }
}

void WeightBounds::BoundByRows(const Prepared& head, const Rows& rows, double* logits) const {
  const Scorer& scorer = head.scorer;
  for (size_t i = 0; i < rows.count; i += Scorer::kAtOnce) {
    scorer.Exact(rows.slots + i, std::min(Scorer::kAtOnce, rows.count - i), logits + i);
  }
  for (size_t i = 0; i < rows.count; ++i) {
    const double lengths = rows.norms[i] * scorer.norm();
    const double cosine = lengths > 0 ? logits[i] / lengths : 0;
    logits[i] = Most(cosine, cosine, rows.norms[i], scorer.norm());
  }
}

void WeightBounds::Absorb(size_t h, const Rows& rows, const double* logits, Part* part) const {
  const Prepared& head = *prepared_[h];
  double own[kStretch];
  size_t count = 0;
  for (size_t i = 0; i < rows.count; ++i) {
    const uint32_t slot = rows.slots[i];
    if (slot == kNoSlot) continue;
    part->total.longest = std::max(part->total.longest, rows.norms[i]);
    if (head.Excludes(slot)) continue;
    ++part->total.rows;
    own[count] = logits[i];
    if (part->Keep({slot, logits[i]}, &own[count])) ++count;
  }
  part->total.AddWeights(own, count);
}

double WeightBounds::HeaviestExcluded(const Prepared& head) const {
  double heaviest = kNothing;
  for (size_t first = 0; first < head.excluded.size(); first += kStretch) {
    Rows rows;
    for (size_t i = first; i < std::min(first + kStretch, head.excluded.size()); ++i) {
      if (vectors_.IsLive(head.excluded[i])) rows.Add(head.excluded[i], true, vectors_);
    }
    double logits[kStretch];
    BoundByRows(head, rows, logits);
    for (size_t i = 0; i < rows.count; ++i) heaviest = std::max(heaviest, logits[i]);
  }
  return heaviest;
}

void WeightBounds::ScoreLargest(const Prepared& head, Part* part) const {
  const std::vector<Hit>& largest = part->largest;
  for (size_t first = 0; first < largest.size(); first += kStretch) {
    Rows rows;
    for (size_t i = first; i < std::min(first + kStretch, largest.size()); ++i) {
      rows.Add(largest[i].slot, true, vectors_);
    }
    double logits[kStretch];
    BoundByRows(head, rows, logits);
    part->total.AddWeights(logits, rows.count);
  }
}

// Of float64 arithmetic, and of a query that was projected, `slack` has more than they err by: so
// much of |x||q| in products, and of |x| + |q| in |x − q| (src/similarity/attend/formula.ts).
double WeightBounds::Most(double low, double high, double x, double q) const {
  const auto [affinity, scale, center, bound, slack] = weighting_;
  const double nearest = std::min(high, 1.0);
  switch (affinity) {
    case Affinity::kDot:
      return scale * x * q * (nearest + slack);
    case Affinity::kRbf: {
      // |x − q|² = (|x| − |q|)² + 2 |x||q| (1 − cos).
      const double apart = std::max(std::abs(x - q) - slack * (x + q), 0.0);
      const double aside = std::max(1 - nearest - slack, 0.0) * (1 - slack);
      return -scale * (apart * apart + 2 * x * q * aside);
    }
    case Affinity::kPolynomial: {
      const double farthest = std::max(std::abs(x * q * nearest - center),
                                       std::abs(x * q * std::max(low, -1.0) - center));
      return scale * std::log(farthest + slack * (x * q + std::abs(center)));
    }
    case Affinity::kLaplacian:
      break;
  }
  return MostByLengths(weighting_, x, q);
}

}  // namespace skalar::hnsw
