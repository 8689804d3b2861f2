// The graph against exact answers: what is found, and that nothing else is.

#include "hnsw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "hnsw/renumber.h"

namespace skalar::hnsw {
namespace {

TEST_P(HnswTest, FindsAlmostAllNeighbours) {
  Fill();
  BuildAll(&index_, corpus_.store);
  ASSERT_EQ(index_.alive(), kCount);
  ASSERT_GE(index_.MostCandidates(), 100u);
  EXPECT_GE(RecallOf(RandomQueries(random_, kDimension)), kGood);
  const Hits answer = AnswersOf(&index_, corpus_, RandomQueries(random_, kDimension))[0];
  EXPECT_LT(answer.distances, kCount / 2);
  EXPECT_GE(answer.reranked, 10u);
}

// About ef nodes on average over what is stored, and between a third and twice as many for each.
TEST_P(HnswTest, LooksAtAsManyNodesAsIsAskedFor) {
  Fill();
  BuildAll(&index_, corpus_.store);
  for (const size_t ef : {30, 60, 120}) {
    std::vector<Query> queries;
    for (uint32_t slot = 0; slot < kQueries; ++slot) {
      queries.push_back(QueryFor(corpus_.vectors[slot]));
      queries.back().excluded = slot;
      queries.back().ef = ef;
    }
    size_t visited = 0;
    for (const Hits& answer : AnswersOf(&index_, corpus_, queries)) {
      EXPECT_GE(answer.visited, ef / 3);
      EXPECT_LE(answer.candidates, 2 * (ef + 1));
      visited += answer.visited;
    }
    EXPECT_GE(visited, kQueries * ef * 3 / 4);
    EXPECT_LE(visited, kQueries * ef * 3 / 2);
  }
}

TEST_P(HnswTest, FindsWithThreadsThatLinkAtOnce) {
  Fill();
  BuildAll(&index_, corpus_.store, 4);
  EXPECT_GE(RecallOf(RandomQueries(random_, kDimension)), kGood);
}

TEST_P(HnswTest, LinkedByOneThreadIsTheSameEveryTime) {
  Fill();
  BuildAll(&index_, corpus_.store);
  Index other(index_.options());
  for (uint32_t slot = 0; slot < kCount; ++slot) other.Put(slot);
  BuildAll(&other, corpus_.store);
  const std::vector<Query> queries = RandomQueries(random_, kDimension);
  ExpectSame(AnswersOf(&index_, corpus_, queries), AnswersOf(&other, corpus_, queries));
}

TEST_P(HnswTest, FindsWhatWaitsExactly) {
  Fill(kCount - 200);
  BuildAll(&index_, corpus_.store);
  for (uint32_t slot = kCount - 200; slot < kCount; ++slot) {
    const Floats vector = random_.Vector(kDimension, 10);
    PutBoth(&corpus_, &index_, slot, vector);
    const Query query = QueryFor(vector, 1);
    const std::vector<Hits> answers = AnswersOf(&index_, corpus_, {query});
    ASSERT_EQ(answers[0].hits[0].slot, Expected(corpus_, metric(), query)[0].slot);
  }
  EXPECT_EQ(index_.waiting(), 200u);
}

TEST_P(HnswTest, NeverAnswersWhatIsGone) {
  Fill();
  BuildAll(&index_, corpus_.store);
  // First few are dead, then most.
  for (const uint32_t stride : {10, 3, 2}) {
    for (uint32_t slot = 0; slot < kCount; slot += stride) {
      if (corpus_.rows.contains(slot)) RemoveBoth(&corpus_, &index_, slot);
    }
    EXPECT_GE(RecallOf(RandomQueries(random_, kDimension)), kGood) << stride;
  }
}

TEST_P(HnswTest, FollowsVectorsThatChange) {
  Fill();
  BuildAll(&index_, corpus_.store);
  for (int i = 0; i < 500; ++i) {
    const uint32_t slot = random_.Below(kCount);
    if (corpus_.rows.contains(slot)) RemoveBoth(&corpus_, &index_, slot);
    PutBoth(&corpus_, &index_, slot, random_.Vector(kDimension, Norm(slot)));
    if (random_.OneIn(50)) BuildAll(&index_, corpus_.store);
  }
  EXPECT_GE(RecallOf(RandomQueries(random_, kDimension)), kGood);
}

TEST_P(HnswTest, AChangeWhileASlotIsBeingLinkedCounts) {
  Fill();
  for (const uint32_t slot : {5u, 6u}) {
    ASSERT_GT(index_.waiting(), 0u);
    Build build(&index_, corpus_.store.Snapshot());
    build.Work(std::chrono::steady_clock::now() + std::chrono::seconds(60));
    RemoveBoth(&corpus_, &index_, slot);
    if (slot == 6) PutBoth(&corpus_, &index_, slot, random_.Vector(kDimension, 20));
    build.Finish();
  }
  BuildAll(&index_, corpus_.store);
  EXPECT_GE(RecallOf(RandomQueries(random_, kDimension)), kGood);
  EXPECT_EQ(index_.alive(), kCount - 1);
}

TEST_P(HnswTest, HonoursEveryConditionOfAQuery) {
  Fill();
  BuildAll(&index_, corpus_.store);
  std::vector<Query> queries = RandomQueries(random_, kDimension);
  for (size_t q = 0; q < queries.size(); ++q) {
    const std::vector<Hit> nearest = Expected(corpus_, metric(), queries[q]);
    queries[q].ef = 50 + q;
    if (q % 4 == 0) queries[q].excluded = nearest[q % 10].slot;
    if (q % 4 == 1) {
      queries[q].threshold = nearest[4].score;
      // None of five is to be missed.
      queries[q].ef = 150;
    }
    if (q % 4 >= 2) {
      std::vector<uint32_t> allowed;
      for (uint32_t slot = 0; slot < kCount; ++slot) {
        if (!random_.OneIn(q % 4 == 2 ? 3 : 1000)) allowed.push_back(slot);
      }
      queries[q].allowed = ListOf(std::move(allowed));
    }
  }
  EXPECT_GE(RecallOf(queries), kGood);
}

// Whatever each of the two needs.
TEST_P(HnswTest, TwoAtOnceAreAnsweredAsOneByOne) {
  Fill();
  BuildAll(&index_, corpus_.store);
  for (uint32_t slot = 0; slot < kCount; slot += 50) RemoveBoth(&corpus_, &index_, slot);
  std::vector<Query> queries = RandomQueries(random_, kDimension);
  queries.push_back(QueryFor(random_.Vector(kDimension)));
  for (size_t q = 0; q < queries.size(); ++q) {
    queries[q].ef = 10 + 2 * q;
    queries[q].exact = q % 7 == 0;
    if (q % 11 == 0 && metric() != Metric::kCosine) queries[q] = QueryFor(Floats(kDimension));
    if (q % 5 == 0) queries[q].allowed = ListOf({1, 2, 3, 5, 8, 13, 21, 34});
  }
  Search search(&index_, corpus_.store.Snapshot(), OwnOf(index_, queries), nullptr);
  RunAll(&search, Search::kAtOnce);
  std::vector<Hits> answers;
  ASSERT_TRUE(search.Finish(&answers).ok());
  ExpectSame(AnswersOf(&index_, corpus_, queries), answers);
}

TEST_P(HnswTest, ScansWhereAWalkCannotHelp) {
  Fill();
  BuildAll(&index_, corpus_.store);
  std::vector<Query> queries = RandomQueries(random_, kDimension, kCount + 5);
  queries.resize(2);
  queries[1].k = 10;
  queries[1].ef = kCount;
  if (metric() != Metric::kCosine) queries.push_back(QueryFor(Floats(kDimension), 3));
  EXPECT_EQ(RecallOf(queries), 1);
}

// A record whose vector is replaced is in one slot or the other of every view of the store: so must
// it be for every search.
TEST_P(HnswTest, ASearchAnswersAsOfItsBeginning) {
  Fill();
  BuildAll(&index_, corpus_.store);
  for (const bool exact : {false, true}) {
    std::vector<Query> queries = RandomQueries(random_, kDimension);
    for (Query& query : queries) query.exact = exact;
    const std::vector<Hits> before = AnswersOf(&index_, corpus_, queries);
    Search search(&index_, corpus_.store.Snapshot(), OwnOf(index_, queries), nullptr);
    for (const Hits& answer : before) {
      for (const Hit& hit : answer.hits) {
        if (!corpus_.rows.contains(hit.slot)) continue;
        RemoveBoth(&corpus_, &index_, hit.slot);
        // Some of the slots are used again at once.
        if (hit.slot % 2) {
          PutBoth(&corpus_, &index_, hit.slot, random_.Vector(kDimension, Norm(hit.slot)));
        }
      }
    }
    BuildAll(&index_, corpus_.store);
    RunAll(&search);
    std::vector<Hits> answers;
    ASSERT_TRUE(search.Finish(&answers).ok());
    size_t same = 0;  // The lists have changed, so that a walk may find others.
    for (size_t q = 0; q < queries.size(); ++q) {
      if (exact) {
        ASSERT_EQ(Describe(answers[q].hits), Describe(before[q].hits)) << q;
      }
      for (const Hit& hit : before[q].hits) {
        same += std::count_if(answers[q].hits.begin(), answers[q].hits.end(), [&](const Hit& each) {
          return each.slot == hit.slot && each.score == hit.score;
        });
      }
    }
    EXPECT_GE(same, kQueries * 10 * kGood);
  }
}

TEST_P(HnswTest, ARenumberingThatIsToldToStopLeavesTheGraphAsItIs) {
  Fill(2000);
  BuildAll(&index_, corpus_.store);
  const std::vector<Query> queries = RandomQueries(random_, kDimension);
  const std::vector<Hits> before = AnswersOf(&index_, corpus_, queries);
  const std::atomic<int32_t> abort{kAbort};
  Renumbering renumbering(&index_);
  renumbering.Work(&abort);
  EXPECT_EQ(renumbering.Finish().code(), Status::Code::kAborted);
  EXPECT_TRUE(index_.scattered());
  ExpectSame(before, AnswersOf(&index_, corpus_, queries));
}

TEST_P(HnswTest, NumbersNodesAnew) {
  Fill();
  BuildAll(&index_, corpus_.store);
  ASSERT_TRUE(index_.scattered());
  const std::vector<Query> queries = RandomQueries(random_, kDimension);
  const std::vector<Hits> before = AnswersOf(&index_, corpus_, queries);
  Search under_way(&index_, corpus_.store.Snapshot(), OwnOf(index_, queries), nullptr);
  Renumbering renumbering(&index_);
  renumbering.Work();
  uint32_t gone = 0;  // One that no query finds.
  const auto finds = [&gone](const Hits& answer) {
    return std::any_of(answer.hits.begin(), answer.hits.end(),
                       [&gone](const Hit& hit) { return hit.slot == gone; });
  };
  while (std::any_of(before.begin(), before.end(), finds)) ++gone;
  RemoveBoth(&corpus_, &index_, gone);
  ASSERT_TRUE(renumbering.Finish().ok());
  EXPECT_FALSE(index_.scattered());
  EXPECT_EQ(index_.nodes(), kCount);
  EXPECT_EQ(index_.alive(), kCount - 1);
  RunAll(&under_way);
  std::vector<Hits> answers;
  ASSERT_TRUE(under_way.Finish(&answers).ok());
  for (size_t q = 0; q < kQueries; ++q)
    EXPECT_EQ(Describe(answers[q].hits), Describe(before[q].hits));
  EXPECT_GE(RecallOf(queries), kGood);
  // It goes on growing, and slots are still known by their nodes.
  for (uint32_t slot = 0; slot < 300; ++slot) {
    if (corpus_.rows.contains(slot)) RemoveBoth(&corpus_, &index_, slot);
    if (slot % 2) PutBoth(&corpus_, &index_, slot, random_.Vector(kDimension, Norm(slot)));
  }
  BuildAll(&index_, corpus_.store);
  EXPECT_GE(RecallOf(queries), kGood);
}

TEST_P(HnswTest, AnAbortedSearchSaysSo) {
  Fill();
  BuildAll(&index_, corpus_.store);
  const std::atomic<int32_t> aborted{1};
  Search search(&index_, corpus_.store.Snapshot(),
                OwnOf(index_, RandomQueries(random_, kDimension)), &aborted);
  RunAll(&search);
  std::vector<Hits> answers;
  EXPECT_EQ(search.Finish(&answers).code(), Status::Code::kAborted);
}

TEST(HnswGrowthTest, ASearchThatBeganBeforeTheGraphGrewPassesOverNewNodes) {
  constexpr size_t kFew = 4;
  constexpr auto kFull = static_cast<uint32_t>(Graph::kChunkNodes);
  Random random(9);
  Corpus corpus(kFew);
  Index index({Metric::kEuclidean, kFew, 4, 10});
  for (uint32_t slot = 0; slot < kFull; ++slot) {
    PutBoth(&corpus, &index, slot, random.Vector(kFew));
  }
  BuildAll(&index, corpus.store);
  std::vector<Query> queries = RandomQueries(random, kFew);
  Search before(&index, corpus.store.Snapshot(), OwnOf(index, queries), nullptr);
  for (uint32_t slot = kFull; slot < kFull + 500; ++slot) {
    PutBoth(&corpus, &index, slot, random.Vector(kFew));
  }
  BuildAll(&index, corpus.store);
  RunAll(&before);
  std::vector<Hits> answers;
  ASSERT_TRUE(before.Finish(&answers).ok());
  for (const Hits& answer : answers) {
    ASSERT_EQ(answer.hits.size(), 10u);
    for (const Hit& hit : answer.hits) EXPECT_LT(hit.slot, kFull);
  }
  EXPECT_GE(Recall(&index, corpus, Metric::kEuclidean, queries), 0.9);
}

TEST_P(HnswTest, AnswersWithNothingWhenTimeIsUpBeforeItBegins) {
  Fill();
  BuildAll(&index_, corpus_.store);
  std::atomic<int32_t> flag{kOutOfTime};
  Search search(&index_, corpus_.store.Snapshot(),
                OwnOf(index_, RandomQueries(random_, kDimension)), &flag);
  RunAll(&search);
  std::vector<Hits> answers;
  ASSERT_TRUE(search.Finish(&answers).ok());
  ASSERT_EQ(answers.size(), kQueries);
  for (const Hits& answer : answers) EXPECT_TRUE(answer.hits.empty());
}

// docs/hnsw.md: where 16 times as many reach the number of records, a scan is faster.
TEST_P(HnswTest, AWalkIsForLessThanASixteenthOfTheSlots) {
  EXPECT_EQ(index_.MostCandidates(), 0u);
  Fill(1600);
  BuildAll(&index_, corpus_.store);
  EXPECT_EQ(index_.MostCandidates(), 99u);
}

// Of an index of vectors of 512 dimensions, for each. docs/hnsw.md tells how many.
size_t BytesForEach(Codes codes) {
  Corpus corpus(512);
  Index index({Metric::kCosine, 512, 16, 200, codes});
  PutBoth(&corpus, &index, 0, Random(1).Vector(512));
  BuildAll(&index, corpus.store);
  // All but the slot's node, which is there for each slot alone.
  return index.memory() / Graph::kChunkNodes + sizeof(uint32_t);
}

TEST(HnswMemoryTest, TakesAsManyBytesAsDocumented) {
  EXPECT_EQ(BytesForEach(Codes::kInt8), 692u);
  EXPECT_EQ(BytesForEach(Codes::kInt4), 436u);
  EXPECT_EQ(BytesForEach(Codes::kFloat32), 4 * 512 + 180u);
}

INSTANTIATE_TEST_SUITE_P(All, HnswTest, testing::ValuesIn(AllKinds()),
                         [](const auto& info) { return NameOfKind(info.param); });

}  // namespace
}  // namespace skalar::hnsw
