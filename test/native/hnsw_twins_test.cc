// Vectors that are equal, or nearly: all of them are found, and work for them is linear.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "hnsw.h"
#include "hnsw/renumber.h"

namespace skalar::hnsw {
namespace {

struct Shape {
  size_t dimension;
  uint32_t others;
  std::vector<uint32_t> groups;  // how many vectors each has
  float noise = 0;               // by how much they differ, relative to their components
  bool together = false;         // inserted one behind the other
};

class Crowd {
 public:
  Crowd(const Kind& kind, const Shape& shape, size_t threads = 1)
      : kind_(kind),
        shape_(shape),
        random_(17),
        corpus_(shape.dimension),
        index_({kind.metric, shape.dimension, 8, 60, kind.codes}) {
    std::vector<uint32_t> order;  // the group of each slot; none for others
    for (uint32_t group = 0; group < shape.groups.size(); ++group) {
      bases_.push_back(random_.Vector(shape.dimension));
      order.insert(order.end(), shape.groups[group], group);
    }
    members_.resize(shape.groups.size());
    order.insert(order.end(), shape.others, kNone);
    if (!shape.together) {
      for (size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[random_.Below(static_cast<uint32_t>(i))]);
      }
    }
    for (uint32_t slot = 0; slot < order.size(); ++slot) {
      const bool member = order[slot] != kNone;
      PutBoth(&corpus_, &index_, slot,
              member ? Member(order[slot]) : random_.Vector(shape.dimension));
      if (member) members_[order[slot]].push_back(slot);
    }
    BuildAll(&index_, corpus_.store, threads);
  }

  Floats Member(uint32_t group) {
    Floats vector = bases_[group];
    for (float& component : vector) component *= 1 + shape_.noise * random_.Uniform();
    return vector;
  }

  // The share of exact answers that is found; the bases themselves are asked for, unless something
  // else is said.
  double RecallOf(
      size_t k, const std::function<void(Query*)>& adapt = [](Query*) {}) {
    std::vector<Query> queries;
    for (const Floats& base : bases_) {
      queries.push_back(QueryFor(base, k));
      adapt(&queries.back());
    }
    return Recall(&index_, corpus_, kind_.metric, queries);
  }

  // The share of those members of the groups that are among the exact answers.
  double FoundMembers(size_t k) {
    size_t found = 0;
    size_t wanted = 0;
    for (uint32_t group = 0; group < bases_.size(); ++group) {
      const std::vector<uint32_t>& members = members_[group];
      const std::vector<Hit> hits = AnswerTo(group, k).hits;
      for (const Hit& each : Expected(corpus_, kind_.metric, QueryFor(bases_[group], k))) {
        if (!std::binary_search(members.begin(), members.end(), each.slot)) continue;
        ++wanted;
        found += std::any_of(hits.begin(), hits.end(),
                             [&](const Hit& hit) { return hit.slot == each.slot; });
      }
    }
    return wanted == 0 ? 1 : static_cast<double>(found) / static_cast<double>(wanted);
  }

  Hits AnswerTo(uint32_t group, size_t k) {
    return AnswersOf(&index_, corpus_, {QueryFor(bases_[group], k)})[0];
  }

  void Remove(uint32_t slot) {
    if (corpus_.rows.contains(slot)) RemoveBoth(&corpus_, &index_, slot);
  }

  const std::vector<uint32_t>& members(uint32_t group) const { return members_[group]; }
  Index& index() { return index_; }
  Corpus& corpus() { return corpus_; }

  static constexpr uint32_t kNone = ~0u;

 private:
  const Kind kind_;
  const Shape shape_;
  Random random_;
  Corpus corpus_;
  Index index_;
  std::vector<Floats> bases_;
  std::vector<std::vector<uint32_t>> members_;
};

// Long vectors are no nearer to themselves than to longer ones by dot product, so that the exact
// answer is another one there; Recall() knows.
class HnswTwinsTest : public testing::TestWithParam<Kind> {};

TEST_P(HnswTwinsTest, FindsAHundredOfAHundredAndTwentyCopies) {
  Crowd crowd(GetParam(), {16, 1881, {120}});
  EXPECT_EQ(crowd.RecallOf(100), 1);
}

TEST_P(HnswTwinsTest, FindsGroupsOfAnySize) {
  for (const bool together : {false, true}) {
    for (const size_t dimension : {2, 16, 100}) {
      Crowd crowd(GetParam(), {dimension, 2500, {10, 120, 600, 2500}, 0, together});
      for (const size_t k : {1, 10, 100, 300}) {
        EXPECT_EQ(crowd.FoundMembers(k), 1) << dimension << " dimensions, k " << k;
      }
    }
  }
}

TEST_P(HnswTwinsTest, FindsWhatIsNearlyEqual) {
  for (const size_t dimension : {16, 200}) {
    for (const float noise : {1e-7f, 1e-6f, 1e-5f, 1e-4f}) {
      Crowd crowd(GetParam(), {dimension, 2000, {10, 120, 2500}, noise});
      for (const size_t k : {10, 100}) {
        EXPECT_GE(crowd.FoundMembers(k), kGood) << dimension << " dimensions, noise " << noise;
      }
    }
  }
}

TEST_P(HnswTwinsTest, FindsWhatThreadsHaveLinkedAtOnce) {
  Crowd crowd(GetParam(), {16, 3000, {10, 120, 3000}, 0, true}, 4);
  for (const size_t k : {10, 100}) EXPECT_GE(crowd.FoundMembers(k), 0.99);
}

// Of two equal ones that are linked at once neither finds the other.
TEST_P(HnswTwinsTest, FindsAllOfManyGroupsThatThreadsHaveLinkedAtOnce) {
  for (int round = 0; round < 3; ++round) {
    Crowd crowd(GetParam(), {8, 1000, std::vector<uint32_t>(400, 10), 0, true}, 4);
    EXPECT_EQ(crowd.FoundMembers(10), 1) << round;
  }
}

TEST_P(HnswTwinsTest, FindsThoseThatAreLeft) {
  Crowd crowd(GetParam(), {16, 4000, {30, 300, 900}});
  // The heads, among others; then half; then all but one of each.
  for (const uint32_t group : {0, 1, 2}) {
    for (size_t i = 0; i < 5; ++i) crowd.Remove(crowd.members(group)[i]);
  }
  EXPECT_GE(crowd.RecallOf(100), kGood);
  for (const uint32_t group : {0, 1, 2}) {
    for (size_t i = 0; i < crowd.members(group).size(); i += 2) {
      crowd.Remove(crowd.members(group)[i]);
    }
  }
  EXPECT_GE(crowd.RecallOf(100), kGood);
  for (const uint32_t group : {0, 1, 2}) {
    for (size_t i = 1; i < crowd.members(group).size(); ++i) crowd.Remove(crowd.members(group)[i]);
    PutBoth(&crowd.corpus(), &crowd.index(), crowd.members(group)[1], crowd.Member(group));
  }
  BuildAll(&crowd.index(), crowd.corpus().store);
  EXPECT_GE(crowd.RecallOf(20), kGood);
}

TEST_P(HnswTwinsTest, FindsThoseThatCameToOthersThatAreGone) {
  Crowd crowd(GetParam(), {16, 3000, {300}});
  for (const uint32_t slot : crowd.members(0)) crowd.Remove(slot);
  for (const uint32_t slot : crowd.members(0)) {
    PutBoth(&crowd.corpus(), &crowd.index(), slot, crowd.Member(0));
  }
  BuildAll(&crowd.index(), crowd.corpus().store);
  EXPECT_GE(crowd.RecallOf(100), 0.99);
}

TEST_P(HnswTwinsTest, PassesFiltersThatLetSomeOfAGroupThrough) {
  Crowd crowd(GetParam(), {16, 3000, {120, 1200}});
  for (const uint32_t modulus : {2, 3, 7}) {
    std::vector<uint32_t> allowed;
    for (uint32_t slot = 0; slot < 4320; ++slot) {
      // Never the heads.
      const bool first = slot <= crowd.members(0)[0] || slot == crowd.members(1)[0];
      if (!first && slot % modulus == 0) allowed.push_back(slot);
    }
    const SlotList list = ListOf(allowed);
    EXPECT_GE(crowd.RecallOf(50, [&](Query* query) { query->allowed = list; }), kGood);
  }
}

TEST_P(HnswTwinsTest, AnswersThresholdsWithAllOfAGroup) {
  Crowd crowd(GetParam(), {16, 3000, {60, 150}});
  const auto self = [&](uint32_t group) { return crowd.AnswerTo(group, 1).hits[0].score; };
  for (const uint32_t group : {0, 1}) {
    const double score = self(group);
    EXPECT_GE(crowd.RecallOf(180, [&](Query* query) { query->threshold = score; }), kGood);
  }
}

TEST_P(HnswTwinsTest, NeverAnswersTheExcludedOne) {
  Crowd crowd(GetParam(), {16, 2000, {120}});
  for (const size_t i : {0, 1, 60, 119}) {
    const uint32_t slot = crowd.members(0)[i];
    EXPECT_GE(crowd.RecallOf(100, [&](Query* query) { query->excluded = slot; }), 0.99);
  }
}

TEST_P(HnswTwinsTest, WorkIsNoMoreThanWithoutTheCopies) {
  if (GetParam().metric == Metric::kDot) return;
  Crowd few(GetParam(), {64, 3000, {1}});
  Crowd many(GetParam(), {64, 3000, {3000}});
  const Hits alone = few.AnswerTo(0, 10);
  const Hits crowded = many.AnswerTo(0, 10);
  EXPECT_LE(crowded.distances, 2 * alone.distances + 100);
  EXPECT_LE(crowded.visited, 2 * alone.visited + 100);
  // All of the same vector.
  EXPECT_LE(crowded.reranked, alone.reranked + 10);
}

TEST_P(HnswTwinsTest, WorkForNearlyEqualOnesIsLinear) {
  Crowd crowd(GetParam(), {64, 3000, {3000}, 1e-5f});
  const Hits answer = crowd.AnswerTo(0, 10);
  EXPECT_LE(answer.distances, 6000u);
  EXPECT_LE(answer.reranked, 3100u);
  EXPECT_LE(answer.reranked, answer.candidates);
}

TEST_P(HnswTwinsTest, StayTogetherWhenNodesAreNumberedAnew) {
  Crowd crowd(GetParam(), {16, 2500, {10, 120, 600}});
  for (size_t i = 0; i < 3; ++i) crowd.Remove(crowd.members(2)[i]);
  Renumbering renumbering(&crowd.index());
  renumbering.Work();
  ASSERT_TRUE(renumbering.Finish().ok());
  EXPECT_GE(crowd.RecallOf(100), 0.99);
  // They go on coming.
  for (uint32_t slot = 4000; slot < 4200; ++slot) {
    PutBoth(&crowd.corpus(), &crowd.index(), slot, crowd.Member(slot % 3));
  }
  BuildAll(&crowd.index(), crowd.corpus().store);
  EXPECT_GE(crowd.RecallOf(100), 0.99);
}

// What came behind is behind all else in every chain, even in chunks that the search knows nothing
// of.
TEST(HnswTwinsGrowthTest, ASearchThatBeganBeforeAGroupGrewAnswersAsOfThen) {
  constexpr auto kFull = static_cast<uint32_t>(Graph::kChunkNodes);
  Random random(9);
  Corpus corpus(4);
  Index index({Metric::kEuclidean, 4, 4, 10});
  const Floats base = random.Vector(4);
  for (uint32_t slot = 0; slot < kFull; ++slot) {
    PutBoth(&corpus, &index, slot, slot % 16 ? random.Vector(4) : base);
  }
  BuildAll(&index, corpus.store);
  const Query query = QueryFor(base, 900);
  const std::vector<Hit> expected = Expected(corpus, Metric::kEuclidean, query);
  Search before(&index, corpus.store.Snapshot(), OwnOf(index, {query}), nullptr);
  for (uint32_t slot = kFull; slot < kFull + 500; ++slot) PutBoth(&corpus, &index, slot, base);
  BuildAll(&index, corpus.store);
  RunAll(&before);
  std::vector<Hits> answers;
  ASSERT_TRUE(before.Finish(&answers).ok());
  EXPECT_EQ(Describe(answers[0].hits), Describe(expected));
}

INSTANTIATE_TEST_SUITE_P(All, HnswTwinsTest, testing::ValuesIn(AllKinds()),
                         [](const auto& info) { return NameOfKind(info.param); });

}  // namespace
}  // namespace skalar::hnsw
