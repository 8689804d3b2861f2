#include "score/attention.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "simd/kernels.h"
#include "store/row.h"

namespace skalar {
namespace {

// Rows that all heads pass over before the next: at 512 dimensions 128 KB, which stay in the
// second-level cache for their values, too.
constexpr size_t kStretch = 64;

// Members that make a block: enough to be worth a worker's wake-up.
constexpr size_t kBlock = 1024;

size_t BlocksOf(const VectorStore::View& keys, const SlotList& members) {
  return members ? (members->size() + kBlock - 1) / kBlock : keys.chunk_count();
}

bool Heavier(const Hit& a, const Hit& b) {
  return a.score != b.score ? a.score > b.score : a.slot < b.slot;
}

// e^(a − b) with b at least a; 1 where both are −∞.
double Relative(double a, double b) { return a == b ? 1 : std::exp(a - b); }

}  // namespace

double Total::Raise(double logit) {
  if (logit <= max) return 1;
  const double factor = Relative(max, logit);
  max = logit;
  sum *= factor;
  return factor;
}

void Total::AddWeights(const double* logits, size_t count) {
  const double largest = count == 0 ? kNothing : *std::max_element(logits, logits + count);
  if (largest == kNothing) return;
  Raise(largest);
  for (size_t i = 0; i < count; ++i) sum += std::exp(logits[i] - max);
}

void Total::Add(const Total& other) {
  Raise(other.max);
  sum += Relative(other.max, max) * other.sum;
  rows += other.rows;
  longest = std::max(longest, other.longest);
}

double MostByLengths(const Weighting& weighting, double x, double q) {
  const auto [affinity, scale, center, bound, slack] = weighting;
  const double apart = std::max(std::abs(x - q) - slack * (x + q), 0.0);
  switch (affinity) {
    case Affinity::kDot:
      return scale * x * q * (1 + slack);
    case Affinity::kRbf:
      return -scale * apart * apart;
    case Affinity::kLaplacian:
      return -scale * apart;
    case Affinity::kPolynomial:
      return scale * std::log((x * q + std::abs(center)) * (1 + slack));
  }
  return kNothing;
}

struct Attention::Part {
  Total total;
  std::vector<double> output;  // of weights relative to total.max
  std::vector<Hit> heaviest;   // a heap with the lightest in front; scores are logits

  void Raise(double logit) {
    if (logit <= total.max) return;
    const double factor = total.Raise(logit);
    for (double& component : output) component *= factor;
  }

  void Offer(Hit hit, size_t top) {
    if (top == 0 || hit.score == kNothing) return;
    if (heaviest.size() == top) {
      if (!Heavier(hit, heaviest.front())) return;
      std::pop_heap(heaviest.begin(), heaviest.end(), Heavier);
      heaviest.pop_back();
    }
    heaviest.push_back(hit);
    std::push_heap(heaviest.begin(), heaviest.end(), Heavier);
  }
};

struct Attention::Rows {
  size_t count = 0;
  uint32_t slots[kStretch];
  const float* keys[kStretch];
  double norms[kStretch];
  double longest = 0;
  const float* values[kStretch];
  double scales[kStretch];  // of values
};

Attention::Attention(VectorStore::View keys, Weighting weighting, std::vector<Head> heads,
                     SlotList members, Values values, size_t top, AbortFlag abort)
    : keys_(std::move(keys)),
      weighting_(weighting),
      heads_(std::move(heads)),
      members_(std::move(members)),
      values_(std::move(values)),
      top_(top),
      abort_(abort),
      blocks_(BlocksOf(keys_, members_)),
      parts_(NewParts()) {
  for (const Head& head : heads_) {
    lengths_.push_back(std::sqrt(SquaredNorm(head.query.data(), head.query.size())));
  }
}

Attention::~Attention() = default;

std::vector<Attention::Part> Attention::NewParts() const {
  std::vector<Part> parts(heads_.size());
  const bool sums = values_.own || values_.store != nullptr || values_.rows != nullptr;
  for (size_t h = 0; h < heads_.size(); ++h) {
    if (sums) parts[h].output.resize(heads_[h].values.count);
  }
  return parts;
}

void Attention::Work() {
  std::vector<Part> parts = NewParts();
  size_t taken = 0;
  for (size_t i; (i = next_block_.fetch_add(1)) < blocks_ && !IsStopped(abort_); ++taken) {
    if (members_) {
      ReadMembers(i, &parts);
    } else {
      ReadChunk(i, &parts);
    }
  }
  if (taken == 0) return;
  std::lock_guard lock(mutex_);
  for (size_t h = 0; h < heads_.size(); ++h) Merge(parts[h], &parts_[h]);
}

void Attention::ReadChunk(size_t block, std::vector<Part>* parts) const {
  const Chunk& chunk = keys_.chunk(block);
  const size_t first = block * keys_.chunk_slots();
  for (size_t base = 0; base < keys_.chunk_slots() && !IsStopped(abort_); base += kStretch) {
    Rows rows;
    for (uint64_t live = chunk.live[base / 64].load(std::memory_order_acquire); live != 0;
         live &= live - 1) {
      Add(static_cast<uint32_t>(first + base) + std::countr_zero(live), 0, &rows);
    }
    Absorb(rows, parts);
  }
}

void Attention::ReadMembers(size_t block, std::vector<Part>* parts) const {
  const std::vector<uint32_t>& members = *members_;
  const size_t end = std::min((block + 1) * kBlock, members.size());
  for (size_t i = block * kBlock; i < end && !IsStopped(abort_);) {
    Rows rows;
    for (; i < end && rows.count < kStretch; ++i) {
      if (keys_.IsLive(members[i])) Add(members[i], i, &rows);
    }
    Absorb(rows, parts);
  }
}

void Attention::Add(uint32_t slot, size_t member, Rows* rows) const {
  const size_t at = rows->count;
  rows->slots[at] = slot;
  rows->keys[at] = keys_.Row(slot);
  rows->norms[at] = keys_.NormOf(slot);
  rows->values[at] = rows->keys[at];
  rows->scales[at] = ScaleOf(rows->norms[at]);
  if (values_.store != nullptr) {
    const uint32_t other = values_.places[member];
    if (!values_.store->IsLive(other)) return;
    rows->values[at] = values_.store->Row(other);
    rows->scales[at] = ScaleOf(values_.store->NormOf(other));
  } else if (values_.rows != nullptr) {
    rows->values[at] = values_.rows + values_.places[member] * values_.stride;
    rows->scales[at] = 1;
  }
  rows->longest = std::max(rows->longest, rows->norms[at]);
  ++rows->count;
}

void Attention::Absorb(const Rows& rows, std::vector<Part>* parts) const {
  if (rows.count == 0) return;
  const simd::Kernels& kernels = simd::Active();
  double logits[kStretch];
  double weights[kStretch];
  const float* values[kStretch];
  for (size_t h = 0; h < heads_.size(); ++h) {
    const Head& head = heads_[h];
    Part& part = (*parts)[h];
    Total& total = part.total;
    if (weighting_.bound) {
      ComputeBounds(h, rows, logits);
    } else {
      ComputeLogits(h, rows, logits);
    }
    total.rows += rows.count;
    total.longest = std::max(total.longest, rows.longest);
    for (size_t i = 0; i < rows.count && !head.excluded.empty(); ++i) {
      if (!std::binary_search(head.excluded.begin(), head.excluded.end(), rows.slots[i])) continue;
      logits[i] = kNothing;
      --total.rows;
    }
    const double max = *std::max_element(logits, logits + rows.count);
    if (max == kNothing) continue;
    part.Raise(max);
    size_t count = 0;
    for (size_t i = 0; i < rows.count; ++i) {
      part.Offer({rows.slots[i], logits[i]}, top_);
      const double weight = std::exp(logits[i] - total.max);
      if (weight == 0) continue;
      total.sum += weight;
      values[count] = rows.values[i] + head.values.begin;
      weights[count++] = weight * rows.scales[i];
    }
    if (part.output.empty()) continue;
    kernels.add_weighted(values, weights, count, head.values.count, part.output.data());
  }
}

void Attention::ComputeLogits(size_t h, const Rows& rows, double* logits) const {
  const simd::Kernels& kernels = simd::Active();
  const Window& window = heads_[h].keys;
  const float* query = heads_[h].query.data() + window.begin;
  const float* keys[kStretch];
  double scales[kStretch];
  for (size_t i = 0; i < rows.count; ++i) {
    keys[i] = rows.keys[i] + window.begin;
    scales[i] = ScaleOf(rows.norms[i]);
  }
  const Affinity affinity = weighting_.affinity;
  // The first head finds rows in memory: one ascending stream is what hardware prefetchers follow
  // best. The others find them in the cache, where rows abreast are faster.
  const size_t at_once = h == 0 ? 1 : rows.count;
  for (size_t i = 0; i < rows.count; i += at_once) {
    if (affinity == Affinity::kRbf) {
      kernels.squared_distance_exact(query, keys + i, scales + i, at_once, window.count,
                                     logits + i);
    } else if (affinity == Affinity::kLaplacian) {
      kernels.sum_of_differences_exact(query, keys + i, scales + i, at_once, window.count,
                                       logits + i);
    } else {
      kernels.dot_exact(query, keys + i, at_once, window.count, logits + i);
    }
  }
  for (size_t i = 0; i < rows.count; ++i) {
    if (affinity == Affinity::kDot) {
      logits[i] *= scales[i] * weighting_.scale;
    } else if (affinity == Affinity::kPolynomial) {
      logits[i] = weighting_.scale * std::log(std::abs(logits[i] * scales[i] - weighting_.center));
    } else {
      logits[i] *= -weighting_.scale;
    }
  }
}

void Attention::ComputeBounds(size_t h, const Rows& rows, double* logits) const {
  for (size_t i = 0; i < rows.count; ++i) {
    logits[i] = MostByLengths(weighting_, rows.norms[i], lengths_[h]);
  }
}

void Attention::Merge(const Part& from, Part* into) const {
  into->Raise(from.total.max);
  const double factor = Relative(from.total.max, into->total.max);
  into->total.Add(from.total);
  for (size_t i = 0; i < from.output.size(); ++i) into->output[i] += factor * from.output[i];
  for (const Hit& hit : from.heaviest) into->Offer(hit, top_);
}

Status Attention::Finish(std::vector<double>* outputs, std::vector<Total>* totals,
                         std::vector<Hits>* heaviest) {
  outputs->clear();
  totals->clear();
  heaviest->clear();
  if (IsStopped(abort_)) return Status::Aborted();
  for (Part& part : parts_) {
    const Total& total = part.total;
    totals->push_back(total);
    for (const double component : part.output) {
      outputs->push_back(total.sum > 0 ? component / total.sum : 0);
    }
    Hits& hits = heaviest->emplace_back();
    std::sort(part.heaviest.begin(), part.heaviest.end(), Heavier);
    for (const Hit& hit : part.heaviest) {
      hits.hits.push_back({hit.slot, Relative(hit.score, total.max) / total.sum});
    }
  }
  return Status::Ok();
}

}  // namespace skalar
