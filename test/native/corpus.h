// A store whose contents are known, and the answers a scan of it must give.

#ifndef SKALAR_TEST_NATIVE_CORPUS_H_
#define SKALAR_TEST_NATIVE_CORPUS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "flat/scan.h"
#include "rows.h"

namespace skalar {

// A store, and what was put into it.
struct Corpus {
  VectorStore store;
  std::map<uint32_t, Floats> vectors;
  std::map<uint32_t, Row> rows;

  explicit Corpus(size_t dimension) : store(dimension) {}

  uint32_t chunk_slots() const { return static_cast<uint32_t>(store.Snapshot().chunk_slots()); }

  void Put(uint32_t slot, const Floats& vector) {
    vectors[slot] = vector;
    rows[slot] = RowOf(vector);
    ASSERT_TRUE(PutRow(&store, slot, rows[slot]).ok());
  }
  void Remove(uint32_t slot) {
    vectors.erase(slot);
    rows.erase(slot);
    store.Remove(&slot, 1, 2);
  }
};

inline Query QueryFor(const Floats& vector, size_t k = 10) {
  Query query;
  query.vector = Owned(Padded(vector));
  query.k = k;
  return query;
}

inline SlotList ListOf(std::vector<uint32_t> slots) {
  return std::make_shared<const std::vector<uint32_t>>(std::move(slots));
}

// What a plain float64 pass over all rows answers.
inline std::vector<Hit> Expected(const Corpus& corpus, Metric metric, const Query& query) {
  const Floats vector(query.vector.get(), query.vector.get() + corpus.store.dimension());
  std::vector<Hit> hits;
  for (const auto& [slot, row] : corpus.rows) {
    if (slot == query.excluded) continue;
    if (query.allowed && !std::binary_search(query.allowed->begin(), query.allowed->end(), slot)) {
      continue;
    }
    const double score = ReferenceScore(metric, row, vector);
    if (query.threshold && IsNearer(metric, *query.threshold, score)) continue;
    if (query.after) {
      const Hit& mark = *query.after;
      const bool behind = score == mark.score ? mark.slot != kNoSlot && slot > mark.slot
                                              : IsNearer(metric, mark.score, score);
      if (!behind) continue;
    }
    hits.push_back({slot, score});
  }
  std::sort(hits.begin(), hits.end(), [metric](const Hit& a, const Hit& b) {
    return a.score == b.score ? a.slot < b.slot : IsNearer(metric, a.score, b.score);
  });
  if (hits.size() > query.k) hits.resize(query.k);
  return hits;
}

inline std::vector<Hits> Answers(const Corpus& corpus, Metric metric, std::vector<Query> queries,
                                 size_t workers = 1) {
  const size_t count = queries.size();
  for (Query& query : queries) {
    query.metric = metric;
    query.center = kCenter;
  }
  Scan scan(corpus.store.Snapshot(), std::move(queries), nullptr);
  std::vector<std::thread> threads;
  for (size_t i = 1; i < workers; ++i) threads.emplace_back([&scan] { scan.Work(); });
  scan.Work();
  for (std::thread& thread : threads) thread.join();
  std::vector<Hits> answers;
  EXPECT_TRUE(scan.Finish(&answers).ok());
  EXPECT_EQ(answers.size(), count);
  return answers;
}

// With scores to the last bit.
inline std::string Describe(const std::vector<Hit>& hits) {
  std::string text;
  for (const Hit& hit : hits) {
    char score[64];
    std::snprintf(score, sizeof score, "%a", hit.score);
    text += std::to_string(hit.slot) + ": " + score + "\n";
  }
  return text;
}

inline void ExpectExact(const Corpus& corpus, Metric metric, const std::vector<Query>& queries,
                        size_t workers = 1) {
  const std::vector<Hits> answers = Answers(corpus, metric, queries, workers);
  for (size_t q = 0; q < queries.size(); ++q) {
    ASSERT_EQ(Describe(answers[q].hits), Describe(Expected(corpus, metric, queries[q])))
        << "query " << q << ", " << NameOf(metric) << ", k " << queries[q].k;
    ASSERT_LE(answers[q].reranked, answers[q].distances);
  }
}

}  // namespace skalar

#endif  // SKALAR_TEST_NATIVE_CORPUS_H_
