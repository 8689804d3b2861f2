#include "flat/collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "rows.h"

namespace skalar {
namespace {

constexpr size_t kHuge = std::numeric_limits<size_t>::max();

std::set<uint32_t> Slots(Collector* collector) {
  std::set<uint32_t> slots;
  for (const Candidate& candidate : collector->Finish()) slots.insert(candidate.slot);
  return slots;
}

// Rows that fewer than k others surely beat, and a floor does not exclude: dropping one of them
// could lose an answer.
std::set<uint32_t> Possible(const std::vector<RankInterval>& ranks, size_t k, double floor) {
  std::vector<double> lows;
  for (const RankInterval& rank : ranks) lows.push_back(rank.low);
  std::sort(lows.begin(), lows.end());
  std::set<uint32_t> slots;
  for (uint32_t i = 0; i < ranks.size(); ++i) {
    const auto beaten_by = lows.end() - std::upper_bound(lows.begin(), lows.end(), ranks[i].high);
    if (static_cast<size_t>(beaten_by) < k && ranks[i].high >= floor) slots.insert(i);
  }
  return slots;
}

std::vector<RankInterval> RandomRanks(Random* random, size_t count, double width) {
  // Few distinct centres make ties and touching intervals common.
  const uint32_t centres = 1 + random->Below(2000);
  std::vector<RankInterval> ranks;
  for (size_t i = 0; i < count; ++i) {
    const double centre = random->Below(centres);
    const double low = centre - random->Below(5) * width;
    ranks.push_back({low, centre + random->Below(5) * width});
  }
  return ranks;
}

TEST(CollectorTest, KeepsExactlyThePossibleRows) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const size_t count = random.Below(3000);
    const std::vector<RankInterval> ranks =
        RandomRanks(&random, count, round % 3 == 0 ? 0 : 0.25 * (round % 7));
    const size_t ks[] = {1, 2, 10, 100, count + 1, kHuge};
    const size_t k = ks[random.Below(6)];
    const double floor =
        random.OneIn(3) ? random.Below(1000) : -std::numeric_limits<double>::infinity();

    // Some parts, as several workers have them, brought together.
    std::vector<Collector> parts(1 + random.Below(4), Collector(k, floor));
    for (uint32_t i = 0; i < count; ++i) parts[random.Below(parts.size())].Offer(i, ranks[i]);
    Collector all(k, floor);
    for (const Collector& part : parts) all.Merge(part);

    // Not one row fewer, and not one more than the intervals call for.
    ASSERT_EQ(Slots(&all), Possible(ranks, k, floor)) << "round " << round << ", k = " << k;
  }
}

TEST(CollectorTest, StaysSmallWhileRanksAreSpreadOut) {
  constexpr size_t kCount = 100'000;
  Random random(2);
  std::vector<double> centres(kCount);
  for (size_t i = 0; i < kCount; ++i) centres[i] = static_cast<double>(i);
  for (size_t k : {1, 10, 1000}) {
    const auto check = [&](const char* order) {
      Collector collector(k);
      for (uint32_t i = 0; i < kCount; ++i) {
        collector.Offer(i, {centres[i] - 0.25, centres[i] + 0.25});
      }
      const std::vector<Candidate>& kept = collector.Finish();
      EXPECT_EQ(kept.size(), k) << order;
      for (const Candidate& candidate : kept) EXPECT_GE(centres[candidate.slot], kCount - k);
      EXPECT_LE(kept.capacity(), 2 * (2 * k + 64)) << order;
    };
    std::sort(centres.begin(), centres.end());
    check("nearer and nearer");
    std::reverse(centres.begin(), centres.end());
    check("farther and farther");
    for (size_t i = kCount; i > 1; --i) {
      std::swap(centres[i - 1], centres[random.Below(static_cast<uint32_t>(i))]);
    }
    check("at random");
  }
}

TEST(CollectorTest, KeepsEveryRowOfATie) {
  Collector collector(3);
  for (uint32_t i = 0; i < 1000; ++i) collector.Offer(i, {1, 1});
  EXPECT_EQ(Slots(&collector).size(), 1000u);
}

TEST(CollectorTest, KeepsWhatReachesTheFloorAndNothingBelow) {
  Collector collector(10, 5.0);
  EXPECT_EQ(collector.floor(), 5.0);
  collector.Offer(0, {4, 4.999});
  collector.Offer(1, {4, 5});
  collector.Offer(2, {5, 6});
  EXPECT_EQ(Slots(&collector), (std::set<uint32_t>{1, 2}));
}

TEST(CollectorTest, TheFloorRisesToTheKthRow) {
  Collector collector(2);
  for (uint32_t i = 0; i < 10; ++i) collector.Offer(i, {i - 0.5, i + 0.5});
  collector.Finish();
  EXPECT_EQ(collector.floor(), 7.5);
}

TEST(CollectorTest, MergingBringsTheHigherFloor) {
  Collector low(1), high(1);
  high.Offer(0, {9, 9});
  high.Offer(1, {8, 8});
  high.Finish();
  low.Merge(high);
  EXPECT_EQ(low.floor(), 9.0);
  low.Offer(2, {8, 8.5});
  EXPECT_EQ(Slots(&low), (std::set<uint32_t>{0}));
}

TEST(CollectorTest, FewerRowsThanAskedForAllStay) {
  for (size_t k : {size_t{5}, kHuge}) {
    Collector collector(k);
    for (uint32_t i = 0; i < 5; ++i) collector.Offer(i, {-1e300 * i, 1e300});
    EXPECT_EQ(Slots(&collector).size(), 5u);
  }
}

// What a damaged row's rank can be; a partition by it would run out of bounds.
TEST(CollectorTest, RefusesWhatIsNotANumber) {
  const double nan = std::nan("");
  Collector collector(1);
  for (uint32_t i = 0; i < 1000; ++i) collector.Offer(i, {nan, i % 2 == 0 ? nan : 1.0});
  collector.Offer(7, {0, nan});
  collector.Offer(5000, {1, 1});
  EXPECT_EQ(Slots(&collector), (std::set<uint32_t>{5000}));
}

}  // namespace
}  // namespace skalar
