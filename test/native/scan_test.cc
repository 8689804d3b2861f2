// Scans against a plain float64 pass over all rows. Expected scores are equal to the last bit, so
// run.sh runs this file once for each target: together that proves that targets agree.

#include "flat/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "corpus.h"
#include "rows.h"

namespace skalar {
namespace {

constexpr size_t kHuge = std::numeric_limits<size_t>::max();

// Data that makes ranking hard, each in its own way.
enum class Data { kUniform, kFewDistinct, kAllEqual, kNearDuplicates, kNormsFarApart, kLast };

Floats Draw(Random& random, Data data, const Floats& base) {
  const size_t dimension = base.size();
  switch (data) {
    case Data::kFewDistinct: {
      Floats vector(dimension, 1);
      vector[random.Below(static_cast<uint32_t>(dimension))] = 1 + random.Below(3);
      return vector;
    }
    case Data::kAllEqual:
      return base;
    case Data::kNearDuplicates: {
      Floats vector = base;
      vector[random.Below(static_cast<uint32_t>(dimension))] *= 1 + 1e-6f * random.Uniform();
      return vector;
    }
    case Data::kNormsFarApart:
      return random.Vector(dimension, std::pow(10.0f, 30 * random.Uniform()));
    default:
      return random.Vector(dimension);
  }
}

bool HasDirection(const Floats& vector) {
  return std::any_of(vector.begin(), vector.end(), [](float x) { return x != 0; });
}

Query RandomQuery(Random& random, const Corpus& corpus, Metric metric, Floats vector) {
  const size_t count = corpus.rows.size();
  const size_t ks[] = {1, 2, 10, 100, count + 5, kHuge};
  Query query = QueryFor(vector, ks[random.Below(6)]);
  const auto any = [&] {
    return std::next(corpus.rows.begin(), random.Below(static_cast<uint32_t>(count)));
  };
  const auto score_of = [&](const auto& entry) {
    return ReferenceScore(metric, entry->second, vector);
  };
  if (count > 0) {
    if (random.OneIn(3)) query.threshold = score_of(any());
    if (random.OneIn(3)) {
      const auto mark = any();
      query.after = Hit{random.OneIn(3) ? kNoSlot : mark->first, score_of(mark)};
    }
    if (random.OneIn(3)) query.excluded = any()->first;
  }
  if (random.OneIn(2)) {
    // Dead slots, slots never used and slots beyond the last chunk among them.
    std::vector<uint32_t> slots;
    const uint32_t sparsity = 1 + random.Below(20);
    for (uint32_t slot = 0; slot < 4 * corpus.chunk_slots(); ++slot) {
      if (random.OneIn(sparsity)) slots.push_back(slot);
    }
    slots.push_back(kNoSlot - 1);
    query.allowed = ListOf(std::move(slots));
  }
  return query;
}

TEST(ScanTest, IsExactWhateverTheRowsAndConditions) {
  Random random(1);
  for (int round = 0; round < 150; ++round) {
    const size_t dimensions[] = {1, 3, 16, 17, 40};
    const size_t dimension = dimensions[random.Below(5)];
    const auto data = static_cast<Data>(round % static_cast<int>(Data::kLast));
    const Metric metric = kAllMetrics[random.Below(6)];
    const Floats base = random.Vector(dimension);
    if (!HasDirection(base)) continue;
    Corpus corpus(dimension);
    const uint32_t slots = random.OneIn(4) ? 100 : 3 * corpus.chunk_slots();
    const uint32_t count = random.Below(1500);
    for (uint32_t i = 0; i < count; ++i) {
      const Floats vector = Draw(random, data, base);
      if (HasDirection(vector)) corpus.Put(random.Below(slots), vector);
      if (random.OneIn(5)) corpus.Remove(random.Below(slots));
    }
    std::vector<Query> queries;
    const uint32_t group = 1 + random.Below(9);
    for (uint32_t i = 0; i < group; ++i) {
      const Floats vector = random.OneIn(3) ? base : Draw(random, data, base);
      if (HasDirection(vector)) queries.push_back(RandomQuery(random, corpus, metric, vector));
    }
    ExpectExact(corpus, metric, queries, 1 + random.Below(4));
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

class ScanMetricTest : public testing::TestWithParam<Metric> {
 protected:
  Query OneQuery() const {
    Query query = QueryFor({1, 2, 3});
    query.metric = metric_;
    query.center = kCenter;
    return query;
  }

  const Metric metric_ = GetParam();
  Random random_{2};
};

INSTANTIATE_TEST_SUITE_P(Metrics, ScanMetricTest, testing::ValuesIn(kAllMetrics),
                         [](const auto& info) { return NameOf(info.param); });

TEST_P(ScanMetricTest, RanksAsExtendedPrecisionDoesOnTheRawVectors) {
  constexpr size_t kDimension = 300;
  Corpus corpus(kDimension);
  for (uint32_t slot = 0; slot < 3000; ++slot) {
    corpus.Put(slot, random_.Vector(kDimension, 0.1f + random_.Below(100)));
  }
  const Floats vector = random_.Vector(kDimension);
  const Query query = QueryFor(vector, 50);
  std::vector<long double> best;
  double largest = 0;
  for (const auto& [slot, raw] : corpus.vectors) {
    best.push_back(TrueScore(metric_, raw, vector));
    largest = std::max(largest, corpus.rows[slot].norm);
  }
  const Metric metric = metric_;
  std::sort(best.begin(), best.end(),
            [metric](long double a, long double b) { return IsDistance(metric) ? a < b : a > b; });
  const double tolerance =
      Tolerance(metric_, largest, Norm(query.vector.get(), PaddedDimension(vector.size())));
  const std::vector<Hit> hits = Answers(corpus, metric_, {query}, 2)[0].hits;
  ASSERT_EQ(hits.size(), 50u);
  for (size_t i = 0; i < hits.size(); ++i) {
    EXPECT_LE(std::fabs(hits[i].score - best[i]), tolerance) << i;
    const long double own = TrueScore(metric_, corpus.vectors[hits[i].slot], vector);
    EXPECT_LE(std::fabs(hits[i].score - own), tolerance) << i;
  }
}

TEST_P(ScanMetricTest, AnEmptyStoreHasNoHits) {
  const Corpus corpus(3);
  EXPECT_TRUE(Answers(corpus, metric_, {QueryFor({1, 2, 3})})[0].hits.empty());
  Query listed = QueryFor({1, 2, 3});
  listed.allowed = ListOf({0, 5});
  EXPECT_TRUE(Answers(corpus, metric_, {listed})[0].hits.empty());
  listed.allowed = ListOf({});
  EXPECT_TRUE(Answers(corpus, metric_, {listed})[0].hits.empty());
  EXPECT_TRUE(Answers(corpus, metric_, {}).empty());
}

TEST_P(ScanMetricTest, EqualScoresComeInTheOrderOfSlots) {
  Corpus corpus(5);
  const Floats vector = random_.Vector(5);
  const uint32_t second = corpus.chunk_slots();
  for (uint32_t slot : {900u, second + 4, 3u, 70u, 2 * second}) corpus.Put(slot, vector);
  const std::vector<Hit> hits = Answers(corpus, metric_, {QueryFor({1, 1, 1, 1, 1}, 4)}, 3)[0].hits;
  ASSERT_EQ(hits.size(), 4u);
  EXPECT_EQ(hits[0].slot, 3u);
  EXPECT_EQ(hits[1].slot, 70u);
  EXPECT_EQ(hits[2].slot, 900u);
  EXPECT_EQ(hits[3].slot, second + 4);
}

// The keyset of pages: together they are one long answer, ties across page ends included.
TEST_P(ScanMetricTest, PagesFollowOneAnotherWithoutGapOrRepetition) {
  Corpus corpus(4);
  const Floats base = random_.Vector(4);
  for (uint32_t slot = 0; slot < 300; ++slot) {
    corpus.Put(slot * 40, Draw(random_, Data::kFewDistinct, base));
  }
  const Query whole = QueryFor(base, kHuge);
  std::vector<Hit> paged;
  Query page = QueryFor(base, 7);
  for (;;) {
    const std::vector<Hit> hits = Answers(corpus, metric_, {page}, 2)[0].hits;
    paged.insert(paged.end(), hits.begin(), hits.end());
    if (hits.size() < page.k) break;
    page.after = hits.back();
  }
  EXPECT_EQ(paged.size(), 300u);
  EXPECT_EQ(Describe(paged), Describe(Expected(corpus, metric_, whole)));
}

TEST_P(ScanMetricTest, AKeysetWithoutSlotPassesOverAllItsTies) {
  Corpus corpus(2);
  for (uint32_t slot = 0; slot < 10; ++slot) corpus.Put(slot, {1, slot < 6 ? 1.0f : -1.0f});
  Query query = QueryFor({1, 1});
  query.after = Hit{kNoSlot, ReferenceScore(metric_, corpus.rows[0], {1, 1})};
  const std::vector<Hit> hits = Answers(corpus, metric_, {query})[0].hits;
  ASSERT_EQ(hits.size(), 4u);
  EXPECT_EQ(hits[0].slot, 6u);
}

// Numbers that no score comes near, squares of which overflow, are still conditions.
TEST_P(ScanMetricTest, ConditionsFarFromEveryScoreKeepAllOrNone) {
  Corpus corpus(3);
  for (uint32_t slot = 0; slot < 50; ++slot) corpus.Put(slot, random_.Vector(3));
  const auto count = [&](const Query& query) {
    return Answers(corpus, metric_, {query})[0].hits.size();
  };
  for (double size : {10.0, 1e150, 1e300}) {
    const double nearest = IsDistance(metric_) ? -size : size;
    Query query = QueryFor({1, 1, 1}, 100);
    query.after = Hit{0, nearest};
    EXPECT_EQ(count(query), 50u) << size;
    query.after = Hit{0, -nearest};
    EXPECT_EQ(count(query), 0u) << size;
    query.after.reset();
    query.threshold = nearest;
    EXPECT_EQ(count(query), 0u) << size;
    query.threshold = -nearest;
    EXPECT_EQ(count(query), 50u) << size;
  }
}

TEST_P(ScanMetricTest, AThresholdIsInclusiveToTheLastBit) {
  Corpus corpus(7);
  for (uint32_t slot = 0; slot < 400; ++slot) corpus.Put(slot, random_.Vector(7));
  const Floats vector = random_.Vector(7);
  const bool distance = IsDistance(metric_);
  for (uint32_t slot : {0, 100, 399}) {
    const double score = ReferenceScore(metric_, corpus.rows[slot], vector);
    Query query = QueryFor(vector, kHuge);
    query.threshold = score;
    const std::vector<Hit> at = Answers(corpus, metric_, {query})[0].hits;
    ASSERT_FALSE(at.empty());
    EXPECT_EQ(at.back().slot, slot);
    query.threshold = std::nextafter(score, distance ? -1e9 : 1e9);
    EXPECT_EQ(Answers(corpus, metric_, {query})[0].hits.size(), at.size() - 1);
  }
}

TEST_P(ScanMetricTest, MoreIsAskedThanThereIs) {
  Corpus corpus(3);
  for (uint32_t slot = 0; slot < 5; ++slot) corpus.Put(slot, random_.Vector(3));
  for (size_t k : {size_t{5}, size_t{6}, kHuge}) {
    EXPECT_EQ(Answers(corpus, metric_, {QueryFor({1, 2, 3}, k)})[0].hits.size(), 5u);
  }
}

TEST_P(ScanMetricTest, OnlyDeadRowsAreLeft) {
  Corpus corpus(3);
  for (uint32_t slot = 0; slot < 200; ++slot) corpus.Put(slot, random_.Vector(3));
  for (uint32_t slot = 0; slot < 200; ++slot) corpus.Remove(slot);
  const Hits answer = Answers(corpus, metric_, {QueryFor({1, 2, 3})})[0];
  EXPECT_TRUE(answer.hits.empty());
  EXPECT_EQ(answer.distances, 0u);
}

TEST_P(ScanMetricTest, CountsItsWork) {
  Corpus corpus(64);
  for (uint32_t slot = 0; slot < 5000; ++slot) corpus.Put(slot, random_.Vector(64));
  Query listed = QueryFor(random_.Vector(64));
  listed.allowed = ListOf({1, 2, 4999, 5000});
  const auto answers = Answers(corpus, metric_, {QueryFor(random_.Vector(64)), listed}, 2);
  EXPECT_EQ(answers[0].distances, 5000u);
  EXPECT_EQ(answers[1].distances, 3u);
  EXPECT_GE(answers[0].reranked, 10u);
  EXPECT_LT(answers[0].reranked, 50u) << "hardly more rows than asked for need an exact score";
}

// Long rows make several chunks of few rows each.
TEST_P(ScanMetricTest, IsExactOverManyChunksOfLongRows) {
  Corpus corpus(4096);
  for (uint32_t slot = 0; slot < 200; ++slot) corpus.Put(slot, random_.Vector(4096));
  std::vector<Query> queries;
  for (int i = 0; i < 4; ++i) queries.push_back(QueryFor(random_.Vector(4096), 20));
  ExpectExact(corpus, metric_, queries, 3);
}

TEST_P(ScanMetricTest, StopsWhenAborted) {
  Corpus corpus(3);
  for (uint32_t slot = 0; slot < 100; ++slot) corpus.Put(slot, random_.Vector(3));
  std::atomic<int32_t> aborted{0};
  std::vector<Hits> answers;
  Scan finished(corpus.store.Snapshot(), {OneQuery()}, &aborted);
  finished.Work();
  EXPECT_TRUE(finished.Finish(&answers).ok());
  EXPECT_EQ(answers[0].hits.size(), 10u);

  aborted = 1;
  Scan stopped(corpus.store.Snapshot(), {OneQuery()}, &aborted);
  stopped.Work();
  EXPECT_EQ(stopped.Finish(&answers).code(), Status::Code::kAborted);
  EXPECT_TRUE(answers.empty());
}

TEST_P(ScanMetricTest, AnswersWithWhatItHasWhenTimeIsUp) {
  Corpus corpus(3);
  for (uint32_t slot = 0; slot < 100; ++slot) corpus.Put(slot, random_.Vector(3));
  const Query query = OneQuery();
  std::atomic<int32_t> flag{0};
  std::vector<Hits> answers;
  Scan finished(corpus.store.Snapshot(), {query}, &flag);
  finished.Work();
  flag = kOutOfTime;
  ASSERT_TRUE(finished.Finish(&answers).ok());
  EXPECT_EQ(Describe(answers[0].hits), Describe(Expected(corpus, metric_, query)));

  Scan late(corpus.store.Snapshot(), {query}, &flag);
  late.Work();
  ASSERT_TRUE(late.Finish(&answers).ok());
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(answers[0].hits.empty());
}

TEST(ScanPlanTest, ParallelismIsTheNumberOfStretches) {
  Corpus corpus(1);
  EXPECT_EQ(Scan(corpus.store.Snapshot(), {QueryFor({1})}, nullptr).Parallelism(), 0u);
  corpus.Put(2 * corpus.chunk_slots(), {1});
  Query listed = QueryFor({1});
  listed.allowed = ListOf(std::vector<uint32_t>(1025));
  const std::vector<Query> queries = {QueryFor({1}), listed, QueryFor({2})};
  EXPECT_EQ(Scan(corpus.store.Snapshot(), queries, nullptr).Parallelism(), 5u);
}

TEST(ScanDamagedRowsTest, RowsThatAreNotNumbersAreNeverReturned) {
  const float nan = std::nanf("");
  VectorStore store(2);
  for (uint32_t slot = 0; slot < 3000; ++slot) {
    const bool damaged = slot % 100 != 7;
    ASSERT_TRUE(
        PutRow(&store, slot, {slot, 1, damaged ? Floats{nan, 1} : Floats{0.6f, 0.8f}}).ok());
  }
  for (Metric metric : kMetrics) {
    Query query = QueryFor({1, 1}, 5);
    query.metric = metric;
    Scan scan(store.Snapshot(), {query}, nullptr);
    scan.Work();
    std::vector<Hits> answers;
    ASSERT_TRUE(scan.Finish(&answers).ok());
    ASSERT_EQ(answers[0].hits.size(), 5u);
    for (const Hit& hit : answers[0].hits) EXPECT_EQ(hit.slot % 100, 7u);
  }
}

}  // namespace
}  // namespace skalar
