// An index over a corpus, and what the tests of it ask.

#ifndef SKALAR_TEST_NATIVE_HNSW_H_
#define SKALAR_TEST_NATIVE_HNSW_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "corpus.h"
#include "hnsw/build.h"
#include "hnsw/index.h"
#include "hnsw/search.h"

namespace skalar::hnsw {

inline constexpr Metric kMetrics[] = {Metric::kCosine, Metric::kDot, Metric::kEuclidean};

inline constexpr Codes kCodes[] = {Codes::kFloat32, Codes::kInt8, Codes::kInt4};

inline Options SmallOptions(Metric metric, size_t dimension,
                            std::optional<Codes> codes = std::nullopt) {
  return {metric, dimension, 8, 60, codes};
}

// What an index is for, and what it ranks by.
struct Kind {
  Metric metric;
  Codes codes;
};

inline std::vector<Kind> AllKinds() {
  std::vector<Kind> kinds;
  for (const Codes codes : kCodes) {
    for (const Metric metric : kMetrics) kinds.push_back({metric, codes});
  }
  return kinds;
}

inline std::string NameOfCodes(Codes codes) {
  static constexpr const char* kNames[] = {"Float32", "Int8", "Int4"};
  return kNames[static_cast<size_t>(codes)];
}

inline std::string NameOfKind(const Kind& kind) {
  return NameOf(kind.metric) + NameOfCodes(kind.codes);
}

// Links all that waits.
inline void BuildAll(Index* index, const VectorStore& store, size_t threads = 1) {
  while (index->waiting() > 0) {
    Build build(index, store.Snapshot());
    ASSERT_TRUE(build.status().ok());
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::vector<std::thread> others;
    for (size_t i = 1; i < std::min(threads, build.Parallelism()); ++i) {
      others.emplace_back([&] { build.Work(end); });
    }
    build.Work(end);
    for (std::thread& other : others) other.join();
    build.Finish();
  }
}

inline void PutBoth(Corpus* corpus, Index* index, uint32_t slot, const Floats& vector) {
  corpus->Put(slot, vector);
  index->Put(slot);
}

inline void RemoveBoth(Corpus* corpus, Index* index, uint32_t slot) {
  corpus->Remove(slot);
  index->Remove(slot);
}

// At most `at_once` at a time.
inline void RunAll(Search* search, size_t at_once = 1) {
  for (size_t i = 0; i < search->size(); i += at_once) {
    search->Run(i, std::min(at_once, search->size() - i));
  }
}

// Queries by the index's own metric.
inline std::vector<Query> OwnOf(const Index& index, std::vector<Query> queries) {
  for (Query& query : queries) query.metric = index.options().metric;
  return queries;
}

inline std::vector<Hits> AnswersAsAsked(Index* index, const Corpus& corpus,
                                        const std::vector<Query>& queries) {
  Search search(index, corpus.store.Snapshot(), queries, nullptr);
  RunAll(&search);
  std::vector<Hits> answers;
  EXPECT_TRUE(search.Finish(&answers).ok());
  return answers;
}

inline std::vector<Hits> AnswersOf(Index* index, const Corpus& corpus,
                                   const std::vector<Query>& queries) {
  return AnswersAsAsked(index, corpus, OwnOf(*index, queries));
}

// The share of the exact hits that the index finds. Whatever it answers must be right: live,
// permitted, with exact scores, in order.
inline double Recall(Index* index, const Corpus& corpus, Metric metric,
                     const std::vector<Query>& queries) {
  const std::vector<Hits> answers = AnswersOf(index, corpus, queries);
  size_t found = 0;
  size_t wanted = 0;
  for (size_t q = 0; q < queries.size(); ++q) {
    Query all = queries[q];
    all.k = corpus.rows.size() + 1;
    const std::vector<Hit> ranked = Expected(corpus, metric, all);
    const std::vector<Hit>& hits = answers[q].hits;
    EXPECT_EQ(hits.size(), std::min(queries[q].k, ranked.size()));
    size_t place = 0;
    for (const Hit& hit : hits) {
      while (place < ranked.size() && ranked[place].slot != hit.slot) ++place;
      EXPECT_LT(place, ranked.size()) << "slot " << hit.slot << " is out of order, or not to be";
      if (place == ranked.size()) break;
      EXPECT_EQ(hit.score, ranked[place].score);
      found += place < queries[q].k;
    }
    wanted += std::min(queries[q].k, ranked.size());
  }
  return wanted == 0 ? 1 : static_cast<double>(found) / static_cast<double>(wanted);
}

// Walks that met the same nodes found the same.
inline void ExpectSame(const std::vector<Hits>& a, const std::vector<Hits>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t q = 0; q < a.size(); ++q) {
    EXPECT_EQ(a[q].distances, b[q].distances);
    EXPECT_EQ(Describe(a[q].hits), Describe(b[q].hits));
  }
}

inline constexpr size_t kDimension = 20;
inline constexpr uint32_t kCount = 3000;
inline constexpr size_t kQueries = 40;
inline constexpr double kGood = 0.95;

inline std::vector<Query> RandomQueries(Random& random, size_t dimension, size_t k = 10) {
  std::vector<Query> queries;
  for (size_t i = 0; i < kQueries; ++i) queries.push_back(QueryFor(random.Vector(dimension), k));
  return queries;
}

class HnswTest : public testing::TestWithParam<Kind> {
 protected:
  static Metric metric() { return GetParam().metric; }
  void Fill(uint32_t count = kCount) {
    for (uint32_t slot = 0; slot < count; ++slot) {
      PutBoth(&corpus_, &index_, slot, random_.Vector(kDimension, Norm(slot)));
    }
  }
  float Norm(uint32_t slot) const { return metric() == Metric::kCosine ? 1 : 1 + slot % 7; }
  double RecallOf(const std::vector<Query>& queries) {
    return Recall(&index_, corpus_, metric(), queries);
  }

  Random random_{7};
  Corpus corpus_{kDimension};
  Index index_{SmallOptions(metric(), kDimension, GetParam().codes)};
};

}  // namespace skalar::hnsw

#endif  // SKALAR_TEST_NATIVE_HNSW_H_
