// The graph over data on which graphs come apart.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "hnsw.h"

namespace skalar::hnsw {
namespace {

TEST(HnswDegenerateTest, AnswersAsManyAsThereAre) {
  for (const auto& [metric, codes] : AllKinds()) {
    for (const size_t dimension : {1, 2, 3, 600}) {
      Random random(11);
      for (const int kind : {0, 1, 2}) {
        Corpus corpus(dimension);
        Index index(SmallOptions(metric, dimension, codes));
        const Floats base = random.Vector(dimension);
        for (uint32_t slot = 0; slot < (dimension > 100 ? 600 : 2500); ++slot) {
          Floats vector = base;  // all equal
          if (kind == 1) vector[0] += static_cast<float>(slot % 5);
          if (kind == 2) vector = random.Vector(dimension, slot % 100 == 0 ? 1e6f : 1e-6f);
          PutBoth(&corpus, &index, slot, vector);
        }
        BuildAll(&index, corpus.store);
        const Query query = QueryFor(base, 10);
        const std::vector<Hits> answers = AnswersOf(&index, corpus, {query});
        ASSERT_EQ(answers[0].hits.size(), 10u);
        const std::vector<Hit> expected = Expected(corpus, metric, query);
        if (kind == 0) {
          EXPECT_EQ(answers[0].hits[9].score, expected[9].score);
        }
      }
    }
  }
}

TEST(HnswDegenerateTest, BeginsWithNothingAndOne) {
  Corpus corpus(8);
  Index index(SmallOptions(Metric::kCosine, 8));
  Random random(1);
  const Query query = QueryFor(random.Vector(8), 3);
  EXPECT_TRUE(AnswersOf(&index, corpus, {query})[0].hits.empty());
  for (uint32_t slot = 0; slot < 5; ++slot) {
    PutBoth(&corpus, &index, slot, random.Vector(8));
    BuildAll(&index, corpus.store);
    EXPECT_EQ(Recall(&index, corpus, Metric::kCosine, {query}), 1);
  }
}

}  // namespace
}  // namespace skalar::hnsw
