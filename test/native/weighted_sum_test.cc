// Sums of stored vectors against a naive loop, to the last bit.

#include "score/weighted_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rows.h"

namespace skalar {
namespace {

TEST(WeightedSumTest, AddsVectorsAndDirectionsInTheirOrder) {
  constexpr size_t kDimension = 21;
  constexpr uint32_t kCount = 40;
  Random random(3);
  VectorStore store(kDimension);
  std::vector<Row> rows;
  for (uint32_t slot = 0; slot < kCount; ++slot) {
    rows.push_back(RowOf(random.Vector(kDimension, slot % 7 == 0 ? 0.0f : 3.0f), slot));
    ASSERT_TRUE(PutRow(&store, slot, rows[slot]).ok());
  }
  const uint32_t dead = 5;
  store.Remove(&dead, 1, 2);
  for (size_t count = 0; count < 11; ++count) {
    for (const bool directions : {false, true}) {
      std::vector<uint32_t> slots;
      for (size_t i = 0; i < count; ++i) slots.push_back(i == 3 ? dead : random.Below(kCount + 9));
      std::vector<double> sums(PaddedDimension(kDimension), 0.5);
      std::vector<double> expected = sums;
      const double weight = random.Uniform();
      for (const uint32_t slot : slots) {
        if (slot == dead || slot >= kCount) continue;
        const double norm = rows[slot].norm;
        const double factor = directions ? weight / ScaledNorm(norm) : weight * ScaleOf(norm);
        for (size_t j = 0; j < kDimension; ++j)
          expected[j] = std::fma(factor, rows[slot].scaled[j], expected[j]);
      }
      AddWeighted(store.Snapshot(), slots.data(), count, weight, directions, sums.data());
      EXPECT_EQ(sums, expected);
    }
  }
}

}  // namespace
}  // namespace skalar
