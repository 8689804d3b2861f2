// Diverse choices against the formula, computed without a heap: metrics, squashed similarities,
// groups, equal candidates, several choices by several workers.

#include "score/diversity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>
#include <vector>

#include "rows.h"
#include "score/scorer.h"

namespace skalar {
namespace {

constexpr size_t kDimension = 21;
constexpr size_t kCount = 400;

// A choice that owns what it points to.
struct Owner {
  std::vector<uint32_t> slots;
  std::vector<double> relevance;
  std::vector<uint32_t> ends;
  std::vector<uint32_t> groups;
  Choice choice;

  Choice Pointing() {
    choice.slots = slots.data();
    choice.relevance = relevance.data();
    choice.count = slots.size();
    choice.ends = ends.data();
    choice.groups = groups.data();
    return choice;
  }

  std::vector<uint32_t> GroupsOf(size_t place) const {
    if (choice.limit == 0) return {};
    const size_t begin = place == 0 ? choice.begin : ends[place - 1];
    return {groups.begin() + begin, groups.begin() + ends[place]};
  }
};

class DiversityTest : public testing::TestWithParam<Metric> {
 protected:
  DiversityTest() {
    for (uint32_t slot = 0; slot < kCount; ++slot) {
      // Some are equal, so that their similarities are.
      const Floats vector =
          slot % 5 == 4 ? vectors_[slot - 3] : random_.Vector(kDimension, 1.0f + slot % 3);
      vectors_.push_back(vector);
      EXPECT_TRUE(PutRow(&store_, slot, RowOf(vector, slot)).ok());
    }
  }

  Owner Make(size_t count, size_t k, double diversity, bool squashed, size_t limit) {
    Owner owner;
    std::vector<uint32_t> all(kCount);
    for (uint32_t slot = 0; slot < kCount; ++slot) all[slot] = slot;
    for (size_t i = 0; i < count; ++i) {
      std::swap(all[i], all[i + random_.Below(static_cast<uint32_t>(kCount - i))]);
      owner.slots.push_back(all[i]);
      // Few values, so that some are equal.
      owner.relevance.push_back(static_cast<double>(random_.Below(20)) / 10 - 1);
    }
    std::sort(owner.relevance.rbegin(), owner.relevance.rend());
    // What another choice has before it.
    owner.groups = {9, 9};
    for (size_t i = 0; i < count; ++i) {
      std::set<uint32_t> own;
      for (uint32_t n = random_.Below(3); n > 0; --n) own.insert(random_.Below(4));
      owner.groups.insert(owner.groups.end(), own.begin(), own.end());
      owner.ends.push_back(static_cast<uint32_t>(owner.groups.size()));
    }
    owner.choice.k = k;
    owner.choice.diversity = diversity;
    owner.choice.squashed = squashed;
    owner.choice.limit = limit;
    owner.choice.begin = 2;
    return owner;
  }

  double Similarity(bool squashed, uint32_t x, uint32_t y) const {
    const Floats vector = Padded(vectors_[y]);
    const VectorStore::View view = store_.Snapshot();
    Query query;
    query.vector = Borrowed(vector.data());
    query.metric = GetParam();
    const double score = Scorer(view, query).Exact(x);
    const double similarity = IsDistance(GetParam()) ? -score : score;
    return squashed ? (1 + similarity / (1 + std::abs(similarity))) / 2 : similarity;
  }

  std::vector<uint32_t> Expected(const Owner& owner) const {
    const Choice& choice = owner.choice;
    std::vector<uint32_t> chosen;
    std::vector<bool> gone(owner.slots.size());
    std::vector<size_t> counts(10);
    while (chosen.size() < choice.k) {
      size_t best = owner.slots.size();
      double most = 0;
      for (size_t i = 0; i < owner.slots.size(); ++i) {
        const std::vector<uint32_t> groups = owner.GroupsOf(i);
        const bool full = std::any_of(groups.begin(), groups.end(), [&](uint32_t group) {
          return counts[group] >= choice.limit;
        });
        if (gone[i] || full) continue;
        double value = owner.relevance[i];
        if (!chosen.empty()) {
          double redundance = -1e300;
          for (const uint32_t y : chosen) {
            redundance =
                std::max(redundance, Similarity(choice.squashed, owner.slots[i], owner.slots[y]));
          }
          value = (1 - choice.diversity) * value - choice.diversity * redundance;
        }
        if (best != owner.slots.size() && value <= most) continue;
        best = i;
        most = value;
      }
      if (best == owner.slots.size()) break;
      gone[best] = true;
      for (const uint32_t group : owner.GroupsOf(best)) ++counts[group];
      chosen.push_back(static_cast<uint32_t>(best));
    }
    return chosen;
  }

  Random random_{17};
  VectorStore store_{kDimension};
  std::vector<Floats> vectors_;
};

INSTANTIATE_TEST_SUITE_P(Metrics, DiversityTest,
                         testing::Values(Metric::kCosine, Metric::kDot, Metric::kEuclidean));

TEST_P(DiversityTest, ChoosesByTheFormula) {
  std::vector<Owner> owners;
  for (const double diversity : {0.1, 0.5, 1.0}) {
    for (const bool squashed : {false, true}) {
      for (const size_t limit : {0, 1, 3}) {
        owners.push_back(Make(60, 12, diversity, squashed, limit));
        owners.push_back(Make(17, 20, diversity, squashed, limit));
      }
    }
  }
  owners.push_back(Make(0, 5, 0.5, false, 0));
  owners.push_back(Make(0, 5, 0.5, false, 2));
  owners.push_back(Make(1, 5, 0.5, false, 1));
  owners.push_back(Make(9, 1, 0.5, false, 1));
  std::vector<Choice> choices;
  for (Owner& owner : owners) choices.push_back(owner.Pointing());
  Diversity diversity(store_.Snapshot(), GetParam(), choices, nullptr);
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) workers.emplace_back([&] { diversity.Work(); });
  for (std::thread& worker : workers) worker.join();
  std::vector<std::vector<uint32_t>> chosen;
  ASSERT_TRUE(diversity.Finish(&chosen).ok());
  ASSERT_EQ(chosen.size(), owners.size());
  for (size_t i = 0; i < owners.size(); ++i) EXPECT_EQ(chosen[i], Expected(owners[i])) << i;
}

TEST_P(DiversityTest, EndsWhenItIsToldTo) {
  Owner owner = Make(60, 12, 0.5, false, 0);
  const std::atomic<int32_t> abort{kAbort};
  Diversity diversity(store_.Snapshot(), GetParam(), {owner.Pointing()}, &abort);
  diversity.Work();
  std::vector<std::vector<uint32_t>> chosen;
  EXPECT_FALSE(diversity.Finish(&chosen).ok());
  EXPECT_TRUE(chosen.empty());
}

}  // namespace
}  // namespace skalar
