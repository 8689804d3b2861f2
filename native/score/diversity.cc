#include "score/diversity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "score/scorer.h"

namespace skalar {
namespace {

double Squash(double similarity) { return (1 + similarity / (1 + std::abs(similarity))) / 2; }

// The order of a heap of places, by what each is worth: true where `a` stands behind `b`.
struct Behind {
  const std::vector<double>& values;

  bool operator()(uint32_t a, uint32_t b) const {
    return values[a] != values[b] ? values[a] < values[b] : a > b;
  }
};

// How many of each group were chosen.
class GroupCounts {
 public:
  explicit GroupCounts(const Choice& choice) : choice_(choice) {
    if (choice.limit == 0 || choice.count == 0) return;
    const uint32_t* end = End(choice.count - 1);
    const uint32_t* largest = std::max_element(Begin(0), end);
    if (largest != end) counts_.resize(*largest + size_t{1});
  }

  bool HasRoom(size_t place) const {
    if (choice_.limit == 0) return true;
    return std::all_of(Begin(place), End(place),
                       [&](uint32_t group) { return counts_[group] < choice_.limit; });
  }

  void Add(size_t place) {
    if (choice_.limit == 0) return;
    std::for_each(Begin(place), End(place), [&](uint32_t group) { ++counts_[group]; });
  }

 private:
  const uint32_t* Begin(size_t place) const {
    return choice_.groups + (place == 0 ? choice_.begin : choice_.ends[place - 1]);
  }
  const uint32_t* End(size_t place) const { return choice_.groups + choice_.ends[place]; }

  const Choice& choice_;
  std::vector<size_t> counts_;
};

}  // namespace

class Diversity::Pool {
 public:
  Pool(const VectorStore::View& view, Metric metric,
       const std::shared_ptr<const Whitened>& whitened, const Choice& choice)
      : view_(view),
        metric_(metric),
        whitened_(whitened),
        choice_(choice),
        groups_(choice),
        redundance_(choice.count, -std::numeric_limits<double>::infinity()),
        values_(choice.count),
        seen_(choice.count) {}

  std::vector<uint32_t> Choose(AbortFlag abort) {
    if (choice_.count == 0 || choice_.k == 0) return {};
    Take(0);
    if (choice_.k == 1) return std::move(chosen_);
    CompareAllWithFirst(abort);
    while (chosen_.size() < choice_.k && !waiting_.empty() && !IsStopped(abort)) {
      std::pop_heap(waiting_.begin(), waiting_.end(), Behind{values_});
      const uint32_t place = waiting_.back();
      // Groups that are full stay so.
      if (!groups_.HasRoom(place)) {
        waiting_.pop_back();
      } else if (seen_[place] == chosen_.size()) {
        waiting_.pop_back();
        Take(place);
      } else {
        BringUpToDate(place);
        std::push_heap(waiting_.begin(), waiting_.end(), Behind{values_});
      }
    }
    return std::move(chosen_);
  }

 private:
  void Take(uint32_t place) {
    groups_.Add(place);
    chosen_.push_back(place);
    if (chosen_.size() == choice_.k) return;
    std::vector<float> vector(view_.stride());
    view_.WriteVector(choice_.slots[place], vector.data());
    Query query;
    query.vector = Owned(std::move(vector));
    query.metric = metric_;
    query.whitened = whitened_;
    scorers_.emplace_back(view_, query);
    vectors_.push_back(std::move(query.vector));
  }

  void CompareAllWithFirst(AbortFlag abort) {
    double scores[Scorer::kAtOnce];
    for (size_t i = 1; i < choice_.count && !IsStopped(abort); i += Scorer::kAtOnce) {
      const size_t count = std::min(Scorer::kAtOnce, choice_.count - i);
      scorers_[0].Exact(choice_.slots + i, count, scores);
      for (size_t j = 0; j < count; ++j) See(i + j, scores[j]);
    }
    for (uint32_t place = 1; place < choice_.count; ++place) waiting_.push_back(place);
    std::make_heap(waiting_.begin(), waiting_.end(), Behind{values_});
  }

  void BringUpToDate(uint32_t place) {
    while (seen_[place] < chosen_.size()) {
      See(place, scorers_[seen_[place]].Exact(choice_.slots[place]));
    }
  }

  // Takes the score of a candidate and the next of the chosen it had not seen.
  void See(size_t place, double score) {
    const double similarity = IsDistance(metric_) ? -score : score;
    redundance_[place] =
        std::max(redundance_[place], choice_.squashed ? Squash(similarity) : similarity);
    ++seen_[place];
    values_[place] =
        (1 - choice_.diversity) * choice_.relevance[place] - choice_.diversity * redundance_[place];
  }

  const VectorStore::View& view_;
  const Metric metric_;
  const std::shared_ptr<const Whitened>& whitened_;
  const Choice& choice_;
  GroupCounts groups_;
  std::vector<uint32_t> chosen_;
  // Of the chosen, in their order.
  std::vector<QueryVector> vectors_;
  std::vector<Scorer> scorers_;
  // Of each candidate: the largest similarity to those of the chosen that it has seen, what it is
  // worth by that, and how many these were.
  std::vector<double> redundance_;
  std::vector<double> values_;
  std::vector<uint32_t> seen_;
  // A heap of the candidates that are left, the most worth in front.
  std::vector<uint32_t> waiting_;
};

Diversity::Diversity(VectorStore::View view, Metric metric, std::vector<Choice> choices,
                     AbortFlag abort, std::shared_ptr<const Whitened> whitened)
    : view_(std::move(view)),
      metric_(metric),
      whitened_(std::move(whitened)),
      choices_(std::move(choices)),
      abort_(abort),
      chosen_(choices_.size()) {}

void Diversity::Work() {
  for (size_t i; (i = next_.fetch_add(1)) < choices_.size() && !IsStopped(abort_);) {
    chosen_[i] = Pool(view_, metric_, whitened_, choices_[i]).Choose(abort_);
  }
}

Status Diversity::Finish(std::vector<std::vector<uint32_t>>* chosen) {
  if (IsStopped(abort_)) return Status::Aborted();
  *chosen = std::move(chosen_);
  return Status::Ok();
}

}  // namespace skalar
