// Where memory is refused, images stay those of the rows that there are, or are not known, and
// whoever goes on gets the rest.

#include "score/whitening.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "../corpus.h"
#include "flat/scan.h"
#include "refused.h"

namespace skalar {
namespace {

constexpr size_t kSize = 20;
constexpr uint32_t kSlots = 150;

std::shared_ptr<const Precision> Diagonal() {
  std::vector<double> matrix(kSize * kSize, 0);
  for (size_t i = 0; i < kSize; ++i) matrix[i * kSize + i] = 1;
  const std::vector<int32_t> exponents(kSize, 1);
  return std::make_shared<const Precision>(matrix.data(), matrix.data(), exponents.data(), kSize);
}

Hits ScanOf(const Corpus& corpus, const Floats& vector, std::shared_ptr<const Whitened> whitened) {
  Query query;
  query.vector = Owned(Padded(vector));
  query.metric = Metric::kMahalanobis;
  query.k = 7;
  query.whitened = std::move(whitened);
  Scan scan(corpus.store.Snapshot(), {query}, nullptr);
  scan.Work();
  std::vector<Hits> answers;
  EXPECT_TRUE(scan.Finish(&answers).ok());
  return answers.at(0);
}

// By a matrix of 4 I the distance is twice the Euclidean one.
void ExpectNearest(const Corpus& corpus, const Floats& vector, const Hits& answer) {
  Query query;
  query.vector = Owned(Padded(vector));
  query.metric = Metric::kEuclidean;
  query.k = 7;
  Scan scan(corpus.store.Snapshot(), {query}, nullptr);
  scan.Work();
  std::vector<Hits> expected;
  ASSERT_TRUE(scan.Finish(&expected).ok());
  ASSERT_EQ(answer.hits.size(), expected[0].hits.size());
  for (size_t i = 0; i < answer.hits.size(); ++i) {
    EXPECT_EQ(answer.hits[i].slot, expected[0].hits[i].slot);
    EXPECT_NEAR(answer.hits[i].score, 2 * expected[0].hits[i].score, 1e-12);
  }
}

class WhiteningMemoryTest : public testing::TestWithParam<Refusal::Mode> {};

TEST_P(WhiteningMemoryTest, ImagesAreMadeWhenTheyAreAskedForAgain) {
  const size_t asked = RefuseEach(GetParam(), [](auto succeeds) {
    Random random(1);
    Corpus corpus(kSize);
    for (uint32_t slot = 0; slot < kSlots; ++slot) corpus.Put(slot, random.Vector(kSize));
    Whitening whitening(Diagonal(), corpus.store.Snapshot());
    const auto whiten = [&] {
      const auto batch = whitening.Begin(corpus.store.Snapshot());
      if (batch == nullptr) return true;
      batch->Work(nullptr);
      return whitening.Finish(batch.get()).ok();
    };
    // Some are replaced and removed while a search may have a snapshot.
    ASSERT_TRUE(whiten());
    const std::shared_ptr<const Whitened> before = whitening.Snapshot();
    const std::vector<uint32_t> replaced = {3, 70, kSlots + 200};
    const std::vector<uint32_t> removed = {4, 71};
    for (const uint32_t slot : replaced) corpus.Put(slot, random.Vector(kSize));
    for (const uint32_t slot : removed) corpus.Remove(slot);
    const auto change = [&] {
      whitening.Put(replaced.data(), replaced.size());
      whitening.Remove(removed.data(), removed.size());
      return whiten();
    };
    if (!succeeds(change)) {
      whitening.Put(replaced.data(), replaced.size());
      whitening.Remove(removed.data(), removed.size());
    }
    while (whitening.waiting() > 0) ASSERT_TRUE(whiten());
    for (uint32_t slot = 0; slot < kSlots; ++slot) {
      EXPECT_TRUE(before->Knows(slot));
      EXPECT_EQ(whitening.Snapshot()->Knows(slot), slot != 4 && slot != 71);
    }
    EXPECT_TRUE(whitening.Snapshot()->Knows(kSlots + 200));
    const Floats vector = random.Vector(kSize);
    ExpectNearest(corpus, vector, ScanOf(corpus, vector, whitening.Snapshot()));
  });
  EXPECT_GT(asked, 10u);
}

TEST_P(WhiteningMemoryTest, AScanIsExactWhenItIsMadeAgain) {
  Random random(2);
  Corpus corpus(kSize);
  for (uint32_t slot = 0; slot < kSlots; ++slot) corpus.Put(slot, random.Vector(kSize));
  const Floats vector = random.Vector(kSize);
  const size_t asked = RefuseEach(GetParam(), [&](auto succeeds) {
    Whitening whitening(Diagonal(), corpus.store.Snapshot());
    const auto whitened = whitening.Snapshot();
    succeeds([&] {
      ScanOf(corpus, vector, whitened);
      return true;
    });
    ExpectNearest(corpus, vector, ScanOf(corpus, vector, whitened));
  });
  EXPECT_GT(asked, 5u);
}

INSTANTIATE_TEST_SUITE_P(Refused, WhiteningMemoryTest, testing::ValuesIn(kModes));

}  // namespace
}  // namespace skalar
