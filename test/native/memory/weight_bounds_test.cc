// Where memory is refused, bounds of weights are not told, or are right; and those of the next pass
// are.

#include "hnsw/weight_bounds.h"

#include <gtest/gtest.h>

#include <vector>

#include "../hnsw.h"
#include "refused.h"

namespace skalar::hnsw {
namespace {

constexpr size_t kSize = 40;
constexpr uint32_t kSlots = 300;

class WeightBoundsMemoryTest : public testing::TestWithParam<Refusal::Mode> {};

TEST_P(WeightBoundsMemoryTest, AreToldWhenTheyAreAskedForAgain) {
  Random random(1);
  Corpus corpus(kSize);
  Index index(SmallOptions(Metric::kDot, kSize, Codes::kInt8));
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    PutBoth(&corpus, &index, slot, random.Vector(kSize));
  }
  BuildAll(&index, corpus.store);
  const uint32_t waiting = kSlots;
  PutBoth(&corpus, &index, waiting, random.Vector(kSize));
  Head head;
  head.query = Padded(random.Vector(kSize));
  head.excluded = {3, 5};
  const auto bound = [&](std::vector<Total>* totals) {
    WeightBounds bounds(&index, corpus.store.Snapshot(), {}, {head, head},
                        ListOf({1, 3, 8, waiting}), nullptr);
    bounds.Work();
    return bounds.Finish(totals).ok();
  };
  std::vector<Total> expected;
  ASSERT_TRUE(bound(&expected));
  EXPECT_EQ(expected.at(0).rows, 3u);
  const auto expect_right = [&](const std::vector<Total>& totals) {
    ASSERT_EQ(totals.size(), 2u);
    for (const Total& total : totals) {
      EXPECT_EQ(total.rows, expected[0].rows);
      EXPECT_EQ(total.sum, expected[0].sum);
    }
  };
  const size_t asked = RefuseEach(GetParam(), [&](auto succeeds) {
    std::vector<Total> totals;
    if (succeeds([&] { return bound(&totals); })) expect_right(totals);
    ASSERT_TRUE(bound(&totals));
    expect_right(totals);
  });
  EXPECT_GT(asked, 10u);
}

INSTANTIATE_TEST_SUITE_P(Refused, WeightBoundsMemoryTest, testing::ValuesIn(kModes));

}  // namespace
}  // namespace skalar::hnsw
