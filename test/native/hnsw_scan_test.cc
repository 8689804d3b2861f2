// Exact answers of an index, by codes where these tell of the metric that is asked for.

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <vector>

#include "hnsw.h"

namespace skalar::hnsw {
namespace {

class HnswScanTest : public HnswTest {};

// Those that codes tell of, whichever of them the graph is for.
constexpr Metric kOfProducts[] = {Metric::kCosine, Metric::kDot, Metric::kEuclidean,
                                  Metric::kApart};

// Data on which codes tell little, or are far off.
Floats Hard(Random& random, int kind, uint32_t slot, const Floats& base) {
  if (kind == 0) return random.Vector(kDimension, std::pow(10.0f, 30 * random.Uniform()));
  if (kind == 1) return base;
  Floats vector = base;
  if (kind == 4) {
    vector = random.Vector(kDimension);
    if (slot % 3 == 0) vector.assign(kDimension, 0);
  }
  if (kind == 2) vector[slot % kDimension] *= 1 + 1e-5f * random.Uniform();
  if (kind == 3) {
    vector.assign(kDimension, 0);
    vector[slot % 3] = 1 + static_cast<float>(slot % 5);
  }
  return vector;
}

TEST_P(HnswScanTest, ExactQueriesAreAnsweredAsByAScan) {
  for (const int kind : {0, 1, 2, 3, 4}) {
    if (kind == 4 && metric() == Metric::kCosine) continue;  // which has no zero vectors
    Corpus corpus(kDimension);
    Index index(index_.options());
    const Floats base = random_.Vector(kDimension);
    for (uint32_t slot = 0; slot < 1500; ++slot) {
      PutBoth(&corpus, &index, slot, Hard(random_, kind, slot, base));
    }
    BuildAll(&index, corpus.store);
    for (uint32_t slot = 0; slot < 1500; slot += 7) RemoveBoth(&corpus, &index, slot);
    for (uint32_t slot = 1500; slot < 1550; ++slot) {
      PutBoth(&corpus, &index, slot, Hard(random_, kind, slot, base));
    }
    std::vector<Query> queries;
    for (uint32_t i = 0; i < 24 * std::size(kOfProducts); ++i) {
      Query query = QueryFor(i % 2 ? Hard(random_, kind, i, base) : random_.Vector(kDimension),
                             i % 3 ? 10 : 200);
      query.exact = true;
      query.metric = kOfProducts[i / 24];
      query.center = kCenter;
      const std::vector<Hit> nearest = Expected(corpus, query.metric, query);
      if (i % 4 == 2) query.excluded = nearest[0].slot;
      if (i % 4 == 3) query.threshold = nearest[nearest.size() / 2].score;
      queries.push_back(query);
    }
    const std::vector<Hits> answers = AnswersAsAsked(&index, corpus, queries);
    for (size_t q = 0; q < queries.size(); ++q) {
      const Metric asked = queries[q].metric;
      ASSERT_EQ(Describe(answers[q].hits), Describe(Expected(corpus, asked, queries[q])))
          << "data " << kind << ", query " << q << ", " << NameOf(asked);
    }
  }
}

TEST_P(HnswScanTest, ExactQueriesScoreFewVectors) {
  Fill();
  BuildAll(&index_, corpus_.store);
  Query query = QueryFor(random_.Vector(kDimension));
  query.exact = true;
  query.center = kCenter;
  for (const Metric asked : kOfProducts) {
    query.metric = asked;
    const Hits answer = AnswersAsAsked(&index_, corpus_, {query})[0];
    EXPECT_GE(answer.distances, kCount);
    EXPECT_LT(answer.distances, kCount + kCount / 4) << NameOf(asked);
  }
}

TEST_P(HnswScanTest, ScansByMetricsThatAGraphKnowsNothingOf) {
  Fill();
  BuildAll(&index_, corpus_.store);
  for (const Metric asked : {Metric::kManhattan, Metric::kChebyshev, Metric::kApart}) {
    std::vector<Query> queries = RandomQueries(random_, kDimension);
    for (Query& query : queries) {
      query.metric = asked;
      query.center = kCenter;
    }
    const std::vector<Hits> answers = AnswersAsAsked(&index_, corpus_, queries);
    for (size_t q = 0; q < queries.size(); ++q) {
      ASSERT_EQ(Describe(answers[q].hits), Describe(Expected(corpus_, asked, queries[q])));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, HnswScanTest, testing::ValuesIn(AllKinds()),
                         [](const auto& info) { return NameOfKind(info.param); });

}  // namespace
}  // namespace skalar::hnsw
