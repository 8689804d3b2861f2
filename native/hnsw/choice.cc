#include "hnsw/choice.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "hnsw/ranker.h"
#include "score/query.h"
#include "score/scorer.h"

namespace skalar::hnsw {
namespace {

// Some tens of milliseconds at 512 dimensions.
constexpr size_t kSample = 2000;
constexpr size_t kQueries = 50;

// Of the nearest to each query this share must be among the first by codes, for walks to find their
// way. It was 1 on text embeddings, words and synthetic clusters, and 0.02 where an offset of
// a hundred times the rest made all alike.
constexpr size_t kNearest = 10;
constexpr size_t kFirst = 4 * kNearest;
constexpr double kEnough = 0.9;

// Calls visit(i) for about `count` of 0..size - 1, evenly.
template <class Visit>
void EachOfSome(size_t size, size_t count, Visit visit) {
  for (size_t i = 0; i < size; i += size / count + 1) visit(i);
}

}  // namespace

Choice::Choice(Index* index, VectorStore::View vectors)
    : index_(index), vectors_(std::move(vectors)) {
  if (index->reference_ == 0) index->SetReference(vectors_);
  reference_ = index->reference_;
  const SlotList slots = index->WaitingSlots();
  EachOfSome(slots->size(), kSample, [&](size_t i) {
    if (vectors_.IsLive((*slots)[i])) sample_.push_back((*slots)[i]);
  });
}

void Choice::Work(const AbortFlag& abort) {
  if (sample_.size() <= kFirst) {
    status_ = Status::Ok();
    return;
  }
  // The upper plane of int8 is all there is of int4.
  const CodeFormat format(Codes::kInt4, vectors_.dimension());
  std::vector<float> prepared(format.components());
  std::vector<uint8_t> codes(sample_.size() * format.code_bytes());
  std::vector<Point> points(sample_.size());
  for (size_t i = 0; i < sample_.size() && !IsStopped(abort); ++i) {
    vectors_.WriteDirection(sample_[i], prepared.data());
    format.Prepare(prepared.data());
    const CodeNumbers numbers =
        Encode(format, prepared.data(), &codes[i * format.code_bytes()], nullptr);
    points[i] =
        PointFor(index_->options().metric, numbers, vectors_.NormOf(sample_[i]), reference_);
  }
  size_t found = 0;
  size_t wanted = 0;
  EachOfSome(sample_.size(), kQueries, [&](size_t i) {
    if (IsStopped(abort)) return;
    found += Found(sample_[i], format, codes, points);
    wanted += kNearest;
  });
  if (IsStopped(abort)) return;
  const bool enough = static_cast<double>(found) >= kEnough * static_cast<double>(wanted);
  codes_ = enough ? Codes::kInt8 : Codes::kFloat32;
  status_ = Status::Ok();
}

size_t Choice::Found(uint32_t slot, const CodeFormat& format, const std::vector<uint8_t>& codes,
                     const std::vector<Point>& points) const {
  const size_t count = sample_.size();
  std::vector<float> vector(vectors_.stride());
  vectors_.WriteVector(slot, vector.data());
  Query query;
  query.vector = Borrowed(vector.data());
  query.metric = index_->options().metric;
  const Scorer scorer(vectors_, query);
  std::vector<double> scores(count);
  for (size_t i = 0; i < count; i += Scorer::kAtOnce) {
    scorer.Exact(&sample_[i], std::min(Scorer::kAtOnce, count - i), &scores[i]);
  }
  const auto nearer = [&](double a, double b) { return scorer.Nearer(a, b); };
  // The slot itself is among either.
  std::vector<double> nearest = scores;
  std::nth_element(nearest.begin(), nearest.begin() + kNearest, nearest.end(), nearer);
  const double last = nearest[kNearest];

  std::vector<float> prepared(format.components());
  scorer.WriteDirection(prepared.data());
  format.Prepare(prepared.data());
  CodeQuery code_query(format);
  code_query.SetVector(prepared.data());
  std::vector<float> ranks(count);
  code_query.MultiplyRows(codes.data(), count, ranks.data());
  const Ranker ranker =
      RankerOfQuery(index_->options().metric, code_query.scale(), scorer.norm(), reference_);
  std::vector<size_t> order(count);
  for (size_t i = 0; i < count; ++i) {
    ranks[i] = ranker.Rank(ranks[i], points[i].scale, points[i].bias);
    order[i] = i;
  }
  std::nth_element(order.begin(), order.begin() + kFirst, order.end(),
                   [&](size_t a, size_t b) { return ranks[a] > ranks[b]; });
  // Where scores are equal, any of them will do.
  const auto near = std::count_if(order.begin(), order.begin() + kFirst + 1,
                                  [&](size_t i) { return !scorer.Nearer(last, scores[i]); });
  return std::min<size_t>(kNearest, near > 0 ? static_cast<size_t>(near) - 1 : 0);
}

Status Choice::Finish() {
  if (status_.ok() && index_->undecided()) {
    const CodeFormat format(codes_, index_->options_.dimension);
    index_->Use(Graph(format, index_->graph_.max_links()));
  }
  return status_;
}

}  // namespace skalar::hnsw
