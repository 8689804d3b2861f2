// Codes that are chosen by what suits the vectors.

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "hnsw.h"
#include "hnsw/choice.h"

namespace skalar::hnsw {
namespace {

constexpr size_t kMany = 64;

// Vectors around a common offset of some length; those of `random` have components within ±1.
Floats Around(Random& random, float offset) {
  Floats vector = random.Vector(kMany);
  for (float& component : vector) component += offset;
  return vector;
}

struct Chosen {
  Codes codes;
  double recall;
  size_t reranked;  // of one query
};

Chosen ChosenFor(Metric metric, float offset, std::optional<Codes> codes = std::nullopt) {
  Random random(21);
  Corpus corpus(kMany);
  Index index(SmallOptions(metric, kMany, codes));
  for (uint32_t slot = 0; slot < kCount; ++slot) {
    PutBoth(&corpus, &index, slot, Around(random, offset));
  }
  EXPECT_EQ(index.undecided(), !codes);
  if (index.undecided()) {
    Choice choice(&index, corpus.store.Snapshot());
    choice.Work();
    EXPECT_TRUE(choice.Finish().ok());
  }
  EXPECT_FALSE(index.undecided());
  BuildAll(&index, corpus.store);
  std::vector<Query> queries;
  for (size_t i = 0; i < kQueries; ++i) queries.push_back(QueryFor(Around(random, offset), 10));
  return {index.codes(), Recall(&index, corpus, metric, queries),
          AnswersOf(&index, corpus, queries)[0].reranked};
}

TEST(HnswChoiceTest, IsInt8WhereItTellsNeighboursApart) {
  for (const Metric metric : kMetrics) EXPECT_EQ(ChosenFor(metric, 0).codes, Codes::kInt8);
}

TEST(HnswChoiceTest, IsFloat32WhereAllVectorsAreMuchAlike) {
  for (const Metric metric : {Metric::kCosine, Metric::kEuclidean}) {
    const Chosen chosen = ChosenFor(metric, 200);
    EXPECT_EQ(chosen.codes, Codes::kFloat32);
    // Most are twins by their upper planes: found, at the price of a scan.
    EXPECT_GT(ChosenFor(metric, 200, Codes::kInt8).reranked, kCount / 4);
    EXPECT_LT(chosen.reranked, kCount / 16);
    EXPECT_GT(chosen.recall, 0.6);
  }
}

TEST(HnswChoiceTest, IsFloat32WhereVectorsAreNoLongerThanCodes) {
  EXPECT_EQ(Index(SmallOptions(Metric::kDot, 32)).codes(), Codes::kFloat32);
  EXPECT_FALSE(Index(SmallOptions(Metric::kDot, 32)).undecided());
  EXPECT_TRUE(Index(SmallOptions(Metric::kDot, 33)).undecided());
}

TEST(HnswChoiceTest, IsLeftToInt8WithoutVectorsToMeasure) {
  Corpus corpus(kMany);
  Index index(SmallOptions(Metric::kCosine, kMany));
  Choice choice(&index, corpus.store.Snapshot());
  choice.Work();
  EXPECT_TRUE(choice.Finish().ok());
  EXPECT_EQ(index.codes(), Codes::kInt8);
  EXPECT_FALSE(index.undecided());
}

TEST(HnswChoiceTest, IsNotMadeWhenToldToStop) {
  Random random(23);
  Corpus corpus(kMany);
  Index index(SmallOptions(Metric::kCosine, kMany));
  for (uint32_t slot = 0; slot < 2000; ++slot) {
    PutBoth(&corpus, &index, slot, random.Vector(kMany));
  }
  const std::atomic<int32_t> abort{kAbort};
  Choice choice(&index, corpus.store.Snapshot());
  choice.Work(&abort);
  EXPECT_EQ(choice.Finish().code(), Status::Code::kAborted);
  EXPECT_TRUE(index.undecided());
}

// Equal scores are as good as each other.
TEST(HnswChoiceTest, IsNotMisledByVectorsThatAreEqual) {
  Random random(22);
  const Floats vector = random.Vector(kMany);
  Corpus corpus(kMany);
  Index index(SmallOptions(Metric::kCosine, kMany));
  for (uint32_t slot = 0; slot < 2000; ++slot) PutBoth(&corpus, &index, slot, vector);
  Choice choice(&index, corpus.store.Snapshot());
  choice.Work();
  EXPECT_TRUE(choice.Finish().ok());
  EXPECT_EQ(index.codes(), Codes::kInt8);
}

}  // namespace
}  // namespace skalar::hnsw
