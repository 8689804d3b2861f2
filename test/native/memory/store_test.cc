// What is refused memory has changed nothing, or is done again without harm: the store, ids, rows,
// the exact scan, the pool.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "../corpus.h"
#include "base/thread_pool.h"
#include "flat/scan.h"
#include "refused.h"
#include "store/id_column.h"

namespace skalar {
namespace {

constexpr size_t kSize = 600;  // few slots make a chunk

void ExpectRow(const VectorStore::View& view, uint32_t slot, const Row& row) {
  ASSERT_TRUE(view.IsLive(slot));
  EXPECT_EQ(view.NormOf(slot), row.norm);
  EXPECT_TRUE(std::equal(row.scaled.begin(), row.scaled.end(), view.Row(slot)));
}

class MemoryTest : public testing::TestWithParam<Refusal::Mode> {};

TEST_P(MemoryTest, AStoreKeepsItsRowsAndTakesTheOthersWhenTheyArePutAgain) {
  const size_t asked = RefuseEach(GetParam(), [](auto succeeds) {
    Random random(1);
    Corpus corpus(kSize);
    const uint32_t chunk = corpus.chunk_slots();
    for (uint32_t slot = 0; slot < 10; ++slot) corpus.Put(slot, random.Vector(kSize));
    const std::map<uint32_t, Row> before = corpus.rows;
    // What it reads is copied, the others' chunks are new.
    const VectorStore::View view = corpus.store.Snapshot();
    const std::vector<uint32_t> slots = {3, chunk, 5, 3 * chunk + 1};
    std::map<uint32_t, Row> added;
    std::vector<uint8_t> rows;
    for (const uint32_t slot : slots) {
      added[slot] = RowOf(random.Vector(kSize));
      AppendTo(&rows, added[slot]);
    }
    const auto put = [&] {
      return corpus.store.Put(slots.data(), rows.data(), slots.size(), 2).ok();
    };
    if (!succeeds(put)) {
      const VectorStore::View after = corpus.store.Snapshot();
      size_t live = 0;
      for (const auto& [slot, row] : before) {
        const bool is_new = added.contains(slot) && corpus.store.ChangedSince(slot, 1);
        ExpectRow(after, slot, is_new ? added[slot] : row);
        live += after.IsLive(slot);
      }
      for (const uint32_t slot : {chunk, 3 * chunk + 1}) {
        if (after.IsLive(slot)) ExpectRow(after, slot, added[slot]);
        live += after.IsLive(slot);
      }
      EXPECT_EQ(corpus.store.live_count(), live);
      ASSERT_TRUE(put());
    }
    for (const auto& [slot, row] : added) ExpectRow(corpus.store.Snapshot(), slot, row);
    for (const auto& [slot, row] : before) ExpectRow(view, slot, row);
    EXPECT_EQ(corpus.store.live_count(), 12u);
  });
  EXPECT_GT(asked, 10u);
}

TEST_P(MemoryTest, AStoreRemovesWhatItIsToldAgain) {
  const size_t asked = RefuseEach(GetParam(), [](auto succeeds) {
    Random random(2);
    Corpus corpus(kSize);
    const std::vector<uint32_t> slots = {0, 1, corpus.chunk_slots()};
    for (const uint32_t slot : slots) corpus.Put(slot, random.Vector(kSize));
    const VectorStore::View view = corpus.store.Snapshot();
    const auto remove = [&] {
      corpus.store.Remove(slots.data(), slots.size(), 2);
      return true;
    };
    if (!succeeds(remove)) {
      const VectorStore::View after = corpus.store.Snapshot();
      size_t live = 0;
      for (const uint32_t slot : slots) live += after.IsLive(slot);
      EXPECT_EQ(corpus.store.live_count(), live);
      remove();
    }
    EXPECT_EQ(corpus.store.live_count(), 0u);
    for (const uint32_t slot : slots) {
      EXPECT_FALSE(corpus.store.Snapshot().IsLive(slot));
      ExpectRow(view, slot, corpus.rows[slot]);
    }
  });
  EXPECT_GT(asked, 3u);
}

TEST_P(MemoryTest, IdsStayAndAreSetAgain) {
  const std::string longer(100, 'x');
  const size_t asked = RefuseEach(GetParam(), [&](auto succeeds) {
    IdColumn ids;
    ids.Set(3, longer);
    const auto set = [&] {
      ids.Set(4, longer + "4");
      ids.Set(100, longer + "100");
      return true;
    };
    if (!succeeds(set)) {
      EXPECT_EQ(ids.Get(3), longer);
      EXPECT_TRUE(ids.Get(100).empty());
      set();
    }
    EXPECT_EQ(ids.Get(3), longer);
    EXPECT_EQ(ids.Get(4), longer + "4");
    EXPECT_EQ(ids.Get(100), longer + "100");
  });
  EXPECT_GE(asked, 4u);
}

TEST_P(MemoryTest, RowsAreNormalizedOrAsTheyWere) {
  RefuseEach(GetParam(), [](auto succeeds) {
    Random random(3);
    std::vector<uint8_t> rows;
    for (int i = 0; i < 3; ++i) AppendTo(&rows, {0, 0, random.Vector(kSize)});
    const std::vector<uint8_t> before = rows;
    if (!succeeds([&] { return NormalizeRows(rows.data(), 3, kSize, false) == 3; })) {
      EXPECT_EQ(rows, before);
    }
  });
}

TEST_P(MemoryTest, AScanIsExactWhenItIsMadeAgain) {
  Random random(4);
  Corpus corpus(20);
  for (uint32_t slot = 0; slot < 2000; ++slot) corpus.Put(slot, random.Vector(20));
  std::vector<Query> queries = {QueryFor(random.Vector(20)), QueryFor(random.Vector(20), 700),
                                QueryFor(random.Vector(20))};
  std::vector<uint32_t> some;
  for (uint32_t slot = 0; slot < 2000; slot += 3) some.push_back(slot);
  queries[2].allowed = ListOf(some);
  const size_t asked = RefuseEach(GetParam(), [&](auto succeeds) {
    succeeds([&] {
      Scan scan(corpus.store.Snapshot(), queries, nullptr);
      scan.Work();
      std::vector<Hits> answers;
      return scan.Finish(&answers).ok() && answers.size() == queries.size();
    });
  });
  EXPECT_GT(asked, 10u);
  ExpectExact(corpus, Metric::kCosine, queries);
}

TEST_P(MemoryTest, APoolDropsATaskOrRunsIt) {
  const size_t asked = RefuseEach(GetParam(), [](auto succeeds) {
    ThreadPool pool(2);
    std::atomic<int> runs{0};
    // One that is larger than what a std::function holds itself.
    const std::vector<int> captured(10, 1);
    const auto submit = [&] {
      return pool.Submit([&runs, captured] { runs += captured[0]; }).ok();
    };
    const bool submitted = succeeds(submit);
    EXPECT_TRUE(submit());
    while (runs < 1 + submitted) std::this_thread::yield();
    ExpectNoAllocation([&pool] { pool.Stop(); });
    EXPECT_EQ(runs, 1 + submitted);
  });
  EXPECT_GT(asked, 3u);
}

std::string NameOfMode(const testing::TestParamInfo<Refusal::Mode>& mode) {
  return mode.param == Refusal::Mode::kOnce ? "Once" : "FromThenOn";
}

INSTANTIATE_TEST_SUITE_P(Refused, MemoryTest, testing::ValuesIn(kModes), NameOfMode);

}  // namespace
}  // namespace skalar
