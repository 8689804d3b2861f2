// Searches while threads link: run.sh also runs this file under the thread sanitizer.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "hnsw.h"

namespace skalar::hnsw {
namespace {

TEST(HnswConcurrencyTest, SearchesWhileItIsBuilt) {
  constexpr size_t kFew = 12;
  constexpr uint32_t kSlots = 2600;
  Random random(3);
  Corpus corpus(kFew);
  Index index(SmallOptions(Metric::kCosine, kFew));
  const Floats bases[] = {random.Vector(kFew), random.Vector(kFew)};
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    // Among them two groups of equal ones, so that chains grow while they are read.
    PutBoth(&corpus, &index, slot, slot % 3 ? random.Vector(kFew) : bases[slot % 2]);
  }
  size_t searches = 0;
  while (index.waiting() > 0) {
    Build build(&index, corpus.store.Snapshot());
    std::vector<Query> queries;
    for (int i = 0; i < 20; ++i) queries.push_back(QueryFor(random.Vector(kFew), 5));
    for (const Floats& base : bases) queries.push_back(QueryFor(base, 5));
    Search search(&index, corpus.store.Snapshot(), OwnOf(index, queries), nullptr);
    std::atomic<size_t> next{0};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < std::min<size_t>(2, build.Parallelism()); ++i) {
      threads.emplace_back(
          [&] { build.Work(std::chrono::steady_clock::now() + std::chrono::milliseconds(50)); });
    }
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        for (size_t q; (q = next.fetch_add(1)) < search.size();) search.Run(q, 1);
      });
    }
    for (std::thread& thread : threads) thread.join();
    build.Finish();
    std::vector<Hits> answers;
    ASSERT_TRUE(search.Finish(&answers).ok());
    for (size_t q = 0; q < queries.size(); ++q) {
      const std::vector<Hit> expected = Expected(corpus, Metric::kCosine, queries[q]);
      ASSERT_EQ(answers[q].hits.size(), expected.size());
      ++searches;
    }
  }
  EXPECT_GT(searches, 0u);
  std::vector<Query> queries;
  for (int i = 0; i < 50; ++i) queries.push_back(QueryFor(random.Vector(kFew), 10));
  for (const Floats& base : bases) queries.push_back(QueryFor(base, 100));
  EXPECT_GE(Recall(&index, corpus, Metric::kCosine, queries), 0.95);
}

}  // namespace
}  // namespace skalar::hnsw
