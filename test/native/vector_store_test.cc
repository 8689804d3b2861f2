#include "store/vector_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rows.h"

namespace skalar {
namespace {

using View = VectorStore::View;

Row ReadRow(const View& view, const VectorStore& store, uint32_t slot) {
  const float* scaled = view.Row(slot);
  return {store.OrdinalOf(slot), view.NormOf(slot), Floats(scaled, scaled + view.dimension())};
}

class VectorStoreTest : public testing::TestWithParam<size_t> {
 protected:
  Row NewRow() { return RowOf(random_.Vector(GetParam(), 3), ++ordinal_); }

  void Put(uint32_t slot, const Row& row, uint64_t position = 1) {
    ASSERT_TRUE(PutRow(&store_, slot, row, position).ok());
  }
  void Remove(uint32_t slot, uint64_t position = 2) { store_.Remove(&slot, 1, position); }
  bool IsLive(uint32_t slot) const { return store_.Snapshot().IsLive(slot); }
  void ExpectHolds(uint32_t slot, const Row& row) const {
    ASSERT_TRUE(IsLive(slot)) << slot;
    EXPECT_EQ(ReadRow(store_.Snapshot(), store_, slot), row) << slot;
  }
  uint32_t chunk_slots() const { return static_cast<uint32_t>(store_.Snapshot().chunk_slots()); }

  Random random_{1};
  uint32_t ordinal_ = 0;
  VectorStore store_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Dimensions, VectorStoreTest, testing::Values(1, 100, 4096),
                         [](const auto& info) { return std::to_string(info.param); });

TEST_P(VectorStoreTest, BeginsEmpty) {
  EXPECT_EQ(store_.dimension(), GetParam());
  EXPECT_EQ(store_.live_count(), 0u);
  EXPECT_EQ(store_.memory(), 0u);
  EXPECT_EQ(store_.Snapshot().chunk_count(), 0u);
  EXPECT_FALSE(IsLive(0));
  EXPECT_TRUE(store_.Put(nullptr, nullptr, 0, 1).ok());
  EXPECT_EQ(store_.memory(), 0u);
}

TEST_P(VectorStoreTest, RowsAreReadBackOnBothSidesOfAChunksEnd) {
  const uint32_t end = chunk_slots();
  std::map<uint32_t, Row> rows;
  std::vector<uint32_t> slots;
  std::vector<uint8_t> bytes;
  for (uint32_t slot : {2 * end + 3, end - 1, end, 0u}) {
    rows[slot] = NewRow();
    slots.push_back(slot);
    AppendTo(&bytes, rows[slot]);
  }
  ASSERT_TRUE(store_.Put(slots.data(), bytes.data(), slots.size(), 1).ok());
  EXPECT_EQ(store_.live_count(), 4u);
  EXPECT_EQ(store_.Snapshot().chunk_count(), 3u);
  for (const auto& [slot, row] : rows) ExpectHolds(slot, row);
  for (uint32_t slot : {1u, end - 2, end + 1, 3 * end, 0xFFFFFFFFu}) EXPECT_FALSE(IsLive(slot));
}

TEST_P(VectorStoreTest, RowsBeginAtCacheLinesAndArePadded) {
  Put(0, NewRow());
  Put(1, NewRow());
  const View view = store_.Snapshot();
  EXPECT_EQ(view.stride(), PaddedDimension(GetParam()));
  for (uint32_t slot : {0, 1}) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(view.Row(slot)) % kCacheLine, 0u);
    for (size_t i = view.dimension(); i < view.stride(); ++i) EXPECT_EQ(view.Row(slot)[i], 0.0f);
  }
}

TEST_P(VectorStoreTest, TheLastOfSeveralRowsForASlotStays) {
  const Row last = NewRow();
  std::vector<uint8_t> bytes;
  AppendTo(&bytes, NewRow());
  AppendTo(&bytes, last);
  const uint32_t slots[] = {5, 5};
  ASSERT_TRUE(store_.Put(slots, bytes.data(), 2, 1).ok());
  EXPECT_EQ(store_.live_count(), 1u);
  ExpectHolds(5, last);
}

TEST_P(VectorStoreTest, AViewKeepsARowThatIsOverwritten) {
  const Row before = NewRow(), after = NewRow(), neighbour = NewRow();
  Put(0, before);
  Put(1, neighbour);
  const View view = store_.Snapshot();
  const View twin = view;
  Put(0, after, 2);
  for (const View* old : {&view, &twin}) {
    EXPECT_TRUE(old->IsLive(0));
    EXPECT_EQ(old->NormOf(0), before.norm);
    EXPECT_TRUE(std::equal(before.scaled.begin(), before.scaled.end(), old->Row(0)));
  }
  ExpectHolds(0, after);
  ExpectHolds(1, neighbour);
  EXPECT_EQ(store_.live_count(), 2u);
}

TEST_P(VectorStoreTest, OverwritingCopiesOneChunkAndOnlyWhileAViewHoldsIt) {
  const uint32_t other = chunk_slots();
  Put(0, NewRow());
  Put(other, NewRow());
  const float* first = store_.Snapshot().Row(0);
  const float* second = store_.Snapshot().Row(other);
  Put(0, NewRow(), 2);
  EXPECT_EQ(store_.Snapshot().Row(0), first);
  {
    const View view = store_.Snapshot();
    Put(0, NewRow(), 3);
    EXPECT_NE(store_.Snapshot().Row(0), first);
    EXPECT_EQ(store_.Snapshot().Row(other), second);
  }
  const float* copy = store_.Snapshot().Row(0);
  Put(0, NewRow(), 4);
  EXPECT_EQ(store_.Snapshot().Row(0), copy);
}

TEST_P(VectorStoreTest, AViewSeesARowAppendedToItsChunk) {
  Put(0, NewRow());
  const View view = store_.Snapshot();
  const Row appended = NewRow();
  Put(1, appended);
  EXPECT_TRUE(view.IsLive(1));
  EXPECT_EQ(ReadRow(view, store_, 1), appended);
  EXPECT_EQ(view.Row(0), store_.Snapshot().Row(0)) << "an append must copy nothing";
}

TEST_P(VectorStoreTest, AViewDoesNotReachChunksAddedLater) {
  Put(0, NewRow());
  const View view = store_.Snapshot();
  Put(chunk_slots(), NewRow());
  EXPECT_EQ(view.chunk_count(), 1u);
  EXPECT_FALSE(view.IsLive(chunk_slots()));
  EXPECT_TRUE(IsLive(chunk_slots()));
}

// A scan runs its kernels over whole stretches, holes included.
TEST_P(VectorStoreTest, FillingAHoleWritesNothingThatAViewReaches) {
  Put(0, NewRow());
  Put(9, NewRow());
  const View view = store_.Snapshot();
  const Row row = NewRow();
  Put(4, row);
  EXPECT_FALSE(view.IsLive(4));
  EXPECT_NE(view.Row(4), store_.Snapshot().Row(4));
  ExpectHolds(4, row);
}

TEST_P(VectorStoreTest, AViewTakenBeforeARemovalDoesNotSeeIt) {
  Put(0, NewRow());
  Put(1, NewRow());
  const View view = store_.Snapshot();
  Remove(0);
  EXPECT_TRUE(view.IsLive(0));
  EXPECT_FALSE(IsLive(0));
  EXPECT_TRUE(IsLive(1));
  EXPECT_EQ(store_.live_count(), 1u);
}

TEST_P(VectorStoreTest, RemovingWhatIsNotLiveIsPassedOver) {
  Put(0, NewRow());
  const uint32_t slots[] = {0, 0, 1, chunk_slots() + 1, 0xFFFFFFFF};
  store_.Remove(slots, 5, 2);
  store_.Remove(slots, 5, 3);
  EXPECT_EQ(store_.live_count(), 0u);
  EXPECT_FALSE(store_.ChangedSince(0, 2)) << "the second removal changed nothing";
}

TEST_P(VectorStoreTest, ASlotIsUsedAgainWithoutAnEarlierViewSeeingIt) {
  const Row before = NewRow(), after = NewRow();
  Put(3, before);
  const View early = store_.Snapshot();
  Remove(3, 2);
  const View between = store_.Snapshot();
  Put(3, after, 3);
  ExpectHolds(3, after);
  EXPECT_EQ(store_.live_count(), 1u);
  EXPECT_TRUE(early.IsLive(3));
  EXPECT_EQ(early.NormOf(3), before.norm);
  EXPECT_FALSE(between.IsLive(3));
}

TEST_P(VectorStoreTest, KnowsWhatChangedSinceALogPosition) {
  constexpr uint64_t kFar = uint64_t{1} << 52;
  Put(0, NewRow(), 5);
  Put(1, NewRow(), kFar);
  EXPECT_TRUE(store_.ChangedSince(0, 4));
  EXPECT_FALSE(store_.ChangedSince(0, 5));
  EXPECT_TRUE(store_.ChangedSince(1, kFar - 1));
  EXPECT_FALSE(store_.ChangedSince(1, kFar));
  Remove(0, 7);
  EXPECT_TRUE(store_.ChangedSince(0, 6));
  EXPECT_FALSE(store_.ChangedSince(0, 7));
  const View view = store_.Snapshot();
  Put(0, NewRow(), 9);
  EXPECT_TRUE(store_.ChangedSince(0, 8));
  EXPECT_TRUE(store_.ChangedSince(1, kFar - 1)) << "lost when its chunk was copied";
}

TEST_P(VectorStoreTest, KnowsTheRecordOfASlotEvenAfterItsRemoval) {
  Put(2, RowOf(random_.Vector(GetParam()), 0xFFFFFFFE));
  EXPECT_EQ(store_.OrdinalOf(2), 0xFFFFFFFEu);
  Remove(2);
  EXPECT_EQ(store_.OrdinalOf(2), 0xFFFFFFFEu);
  Put(2, RowOf(random_.Vector(GetParam()), 4), 3);
  EXPECT_EQ(store_.OrdinalOf(2), 4u);
}

TEST_P(VectorStoreTest, MemoryGrowsByChunksAndCountsTheRows) {
  Put(0, NewRow());
  const size_t chunk = store_.memory();
  EXPECT_GE(chunk, chunk_slots() * PaddedDimension(GetParam()) * sizeof(float));
  Put(chunk_slots() - 1, NewRow());
  EXPECT_EQ(store_.memory(), chunk);
  Put(2 * chunk_slots(), NewRow());
  EXPECT_EQ(store_.memory(), 3 * chunk);
}

// Any sequence of operations, against a map; views taken on the way keep what the map held then.
TEST_P(VectorStoreTest, BehavesAsAMapDoes) {
  using Model = std::map<uint32_t, Row>;
  struct Taken {
    View view;
    Model model;
    std::map<uint32_t, uint64_t> positions;  // of the last change to each slot
  };
  constexpr uint32_t kSlots = 40;
  const uint64_t steps = GetParam() > 1000 ? 200 : 1000;
  const uint32_t chunk = chunk_slots();
  // Slots on both sides of the ends of words and chunks.
  const auto slot_of = [chunk](uint32_t i) { return i % 4 * (chunk / 2) + i / 4 + 60; };
  Model model;
  std::map<uint32_t, uint64_t> positions;
  std::vector<Taken> views;
  for (uint64_t position = 1; position <= steps; ++position) {
    const uint32_t slot = slot_of(random_.Below(kSlots));
    if (random_.OneIn(3)) {
      Remove(slot, position);
      if (model.erase(slot) > 0) positions[slot] = position;
    } else {
      model[slot] = NewRow();
      positions[slot] = position;
      Put(slot, model[slot], position);
    }
    if (random_.OneIn(20)) views.push_back({store_.Snapshot(), model, positions});
    if (views.size() > 3 || (random_.OneIn(50) && !views.empty())) views.erase(views.begin());

    ASSERT_EQ(store_.live_count(), model.size());
    for (uint32_t i = 0; i < kSlots; ++i) {
      const uint32_t each = slot_of(i);
      ASSERT_EQ(IsLive(each), model.contains(each)) << position;
      if (model.contains(each)) ExpectHolds(each, model[each]);
      if (!positions.contains(each)) continue;
      ASSERT_FALSE(store_.ChangedSince(each, positions[each]));
      ASSERT_TRUE(store_.ChangedSince(each, positions[each] - 1));
    }
    for (const Taken& taken : views) {
      for (const auto& [each, row] : taken.model) {
        ASSERT_TRUE(taken.view.IsLive(each)) << position;
        ASSERT_EQ(taken.view.NormOf(each), row.norm) << position;
        ASSERT_TRUE(std::equal(row.scaled.begin(), row.scaled.end(), taken.view.Row(each)));
      }
    }
  }
}

}  // namespace
}  // namespace skalar
