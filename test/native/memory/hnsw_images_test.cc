// A graph of images that is refused memory has no frame, or one and codes; what is not linked
// waits; and queries are answered when they are asked again.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "../hnsw.h"
#include "../matrices.h"
#include "choose.h"
#include "refused.h"

namespace skalar::hnsw {
namespace {

// Components for which codes are to be chosen.
constexpr size_t kLong = 40;
constexpr uint32_t kSlots = 60;

class HnswImagesMemoryTest : public testing::TestWithParam<Refusal::Mode> {
 protected:
  // Slots that wait.
  struct Graph {
    explicit Graph(const std::shared_ptr<const Precision>& precision)
        : index({Metric::kMahalanobis, kLong, 4, 24, std::nullopt, precision}) {
      Random random(5);
      for (uint32_t slot = 0; slot < kSlots; ++slot) {
        PutBoth(&corpus, &index, slot, random.Vector(kLong));
      }
    }
    bool Choose() { return hnsw::Choose(&index, corpus.store); }

    Corpus corpus{kLong};
    Index index;
  };

  static std::shared_ptr<const Precision> Matrix() {
    Random random(6);
    return PrecisionOf(RandomParts(random, kLong, 0.3, 2));
  }
  // Walks find all of so few.
  static void ExpectAll(Graph* graph, const std::shared_ptr<const Precision>& precision) {
    Random random(7);
    Query query = QueryFor(random.Vector(kLong), kSlots);
    query.metric = Metric::kMahalanobis;
    query.whitened = WithoutImages(precision);
    EXPECT_EQ(AnswersAsAsked(&graph->index, graph->corpus, {query})[0].hits.size(), kSlots);
  }
};

INSTANTIATE_TEST_SUITE_P(Refused, HnswImagesMemoryTest, testing::ValuesIn(kModes),
                         [](const auto& info) {
                           return info.param == Refusal::Mode::kOnce ? "Once" : "FromThenOn";
                         });

TEST_P(HnswImagesMemoryTest, AFrameAndCodesAreChosenTogether) {
  const auto precision = Matrix();
  const size_t asked = RefuseEach(GetParam(), [&](auto succeeds) {
    Graph graph(precision);
    if (!succeeds([&] { return graph.Choose(); })) {
      EXPECT_TRUE(graph.index.undecided());
      EXPECT_EQ(graph.index.waiting(), kSlots);
      EXPECT_TRUE(graph.Choose());
    }
    EXPECT_FALSE(graph.index.undecided());
    BuildAll(&graph.index, graph.corpus.store);
    ExpectAll(&graph, precision);
  });
  EXPECT_GT(asked, 20u);
}

TEST_P(HnswImagesMemoryTest, WhatIsNotLinkedWaits) {
  const auto precision = Matrix();
  const size_t asked = RefuseEach(GetParam(), [&](auto succeeds) {
    Graph graph(precision);
    ASSERT_TRUE(graph.Choose());
    succeeds([&] {
      Build build(&graph.index, graph.corpus.store.Snapshot());
      const bool ok = build.status().ok();
      bool refused = false;
      try {
        if (ok) build.Work(std::chrono::steady_clock::now() + std::chrono::hours(1));
      } catch (const std::bad_alloc&) {
        refused = true;
      }
      build.Finish();
      return ok && !refused;
    });
    EXPECT_EQ(graph.index.alive() + graph.index.waiting(), kSlots);
    BuildAll(&graph.index, graph.corpus.store);
    EXPECT_EQ(graph.index.alive(), kSlots);
    ExpectAll(&graph, precision);
  });
  EXPECT_GT(asked, 20u);
}

TEST_P(HnswImagesMemoryTest, ASearchFailsAndTheNextAnswers) {
  const auto precision = Matrix();
  Graph graph(precision);
  ASSERT_TRUE(graph.Choose());
  BuildAll(&graph.index, graph.corpus.store);
  Random random(8);
  Query query = QueryFor(random.Vector(kLong), 1);
  query.metric = Metric::kMahalanobis;
  query.whitened = WithoutImages(precision);
  query.ef = 2;
  const std::vector<Hits> expected = AnswersAsAsked(&graph.index, graph.corpus, {query});
  EXPECT_GT(expected[0].visited, 0u);
  const size_t asked = RefuseEach(GetParam(), [&](auto succeeds) {
    std::vector<Hits> answers;
    succeeds([&] {
      Search search(&graph.index, graph.corpus.store.Snapshot(), {query}, nullptr);
      RunAll(&search);
      return search.Finish(&answers).ok();
    });
    if (!answers.empty()) ExpectSame(answers, expected);
    ExpectSame(AnswersAsAsked(&graph.index, graph.corpus, {query}), expected);
  });
  EXPECT_GT(asked, 3u);
}

}  // namespace
}  // namespace skalar::hnsw
