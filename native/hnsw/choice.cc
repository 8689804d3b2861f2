#include "hnsw/choice.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "hnsw/ranker.h"
#include "score/query.h"
#include "score/scorer.h"
#include "store/row.h"

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
    : index_(index),
      metric_(OrderOf(index->options().metric)),
      wants_codes_(!index->decided_),
      vectors_(std::move(vectors)) {
  if (index->reference_ == 0 && !index->options().precision) index->SetReference(vectors_);
  reference_ = index->reference_;
  const SlotList slots = index->WaitingSlots();
  EachOfSome(slots->size(), kSample, [&](size_t i) {
    if (vectors_.IsLive((*slots)[i])) sample_.push_back((*slots)[i]);
  });
}

void Choice::Work(const AbortFlag& abort) {
  if (index_->options().precision) {
    const Status status = MakeFrame(abort);
    if (!status.ok()) {
      status_ = status;
      return;
    }
  }
  if (sample_.size() > kFirst && wants_codes_ && !ChooseCodes(abort)) return;
  status_ = Status::Ok();
}

Status Choice::MakeFrame(const AbortFlag& abort) {
  const size_t n = vectors_.dimension();
  frame_ = Frame::Of(index_->options().precision, vectors_, sample_.data(), sample_.size());
  VectorStore images(n);
  std::vector<uint8_t> rows(kImagesAtOnce * RowBytes(n));
  std::vector<double> distances(kImagesAtOnce);
  std::vector<uint32_t> places(sample_.size());
  std::iota(places.begin(), places.end(), 0);
  for (size_t i = 0; i < sample_.size(); i += kImagesAtOnce) {
    if (IsStopped(abort)) return Status::Aborted();
    const size_t count = std::min(kImagesAtOnce, sample_.size() - i);
    WriteImages(*frame_, vectors_, &sample_[i], count, rows.data(), distances.data());
    const Status status = images.Put(&places[i], rows.data(), count, 1);
    if (!status.ok()) return status;
  }
  vectors_ = images.Snapshot();
  sample_ = std::move(places);
  reference_ = 0;
  for (const uint32_t place : sample_) reference_ = std::max(reference_, vectors_.NormOf(place));
  if (reference_ == 0) reference_ = 1;
  return Status::Ok();
}

bool Choice::ChooseCodes(const AbortFlag& abort) {
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
    points[i] = PointFor(metric_, numbers, vectors_.NormOf(sample_[i]), reference_);
  }
  size_t found = 0;
  size_t wanted = 0;
  EachOfSome(sample_.size(), kQueries, [&](size_t i) {
    if (IsStopped(abort)) return;
    found += Found(sample_[i], format, codes, points);
    wanted += kNearest;
  });
  const bool enough = static_cast<double>(found) >= kEnough * static_cast<double>(wanted);
  codes_ = enough ? Codes::kInt8 : Codes::kFloat32;
  return !IsStopped(abort);
}

size_t Choice::Found(uint32_t slot, const CodeFormat& format, const std::vector<uint8_t>& codes,
                     const std::vector<Point>& points) const {
  const size_t count = sample_.size();
  std::vector<float> vector(vectors_.stride());
  vectors_.WriteVector(slot, vector.data());
  Query query;
  query.vector = Borrowed(vector.data());
  query.metric = metric_;
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
  const Ranker ranker = RankerOfQuery(metric_, code_query.scale(), scorer.norm(), reference_);
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
  if (!status_.ok() || !index_->undecided()) return status_;
  if (!index_->decided_) {
    index_->Use(Graph(CodeFormat(codes_, index_->options_.dimension), index_->graph_.max_links()));
  }
  if (frame_) {
    index_->frame_ = frame_;
    index_->reference_ = reference_;
  }
  return status_;
}

}  // namespace skalar::hnsw
