// The beam against a sorted list.

#include "hnsw/beam.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "rows.h"

namespace skalar::hnsw {
namespace {

TEST(HnswBeamTest, OrdersRanksAsFloats) {
  const float ranks[] = {
      -std::numeric_limits<float>::infinity(), -1e30f, -1, -1e-40f, 0, 1e-40f, 1, 2, 1e30f};
  for (size_t i = 1; i < std::size(ranks); ++i) {
    EXPECT_LT(OrderedBits(ranks[i - 1]), OrderedBits(ranks[i]));
  }
  for (const float rank : ranks) EXPECT_EQ(RankOfBits(OrderedBits(rank)), rank);
}

TEST(HnswBeamTest, KeepsTheNearestAndExpandsThemInOrder) {
  Random random(1);
  Beam beam;
  for (int round = 0; round < 200; ++round) {
    const size_t width = 1 + random.Below(50);
    beam.Reset(Width::Of(width));
    std::vector<std::pair<float, uint32_t>> all;
    std::vector<uint32_t> expanded;
    for (uint32_t node = 0; node < 150; ++node) {
      // Few values, so that many are equal.
      const float rank = static_cast<float>(random.Below(40)) - 20;
      if (beam.Wants(OrderedBits(rank))) beam.Insert(OrderedBits(rank), node);
      all.push_back({-rank, node});
      if (random.OneIn(5)) {
        const uint32_t next = beam.Expand();
        if (next != kNoNode) expanded.push_back(next);
      }
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(beam.size(), std::min(width, all.size()));
    for (size_t i = 0; i < beam.size(); ++i) {
      ASSERT_EQ(beam.node(i), all[i].second);
      ASSERT_EQ(beam.rank(i), -all[i].first);
    }
    // What is left is expanded once each, nearest first.
    float last = std::numeric_limits<float>::infinity();
    for (uint32_t node; (node = beam.Expand()) != kNoNode;) {
      ASSERT_EQ(std::count(expanded.begin(), expanded.end(), node), 0);
      expanded.push_back(node);
      const auto found = std::find_if(all.begin(), all.end(),
                                      [node](const auto& each) { return each.second == node; });
      ASSERT_LE(-found->first, last);
      last = -found->first;
    }
    for (size_t i = 0; i < beam.size(); ++i) {
      ASSERT_EQ(std::count(expanded.begin(), expanded.end(), beam.node(i)), 1);
    }
  }
}

// Whoever is this near, of nodes with these ranks: as the widths are defined.
float Nearness(const Width& width, std::vector<float> ranks) {
  std::sort(ranks.begin(), ranks.end(), std::greater<>());
  const float kth = width.nearest - ranks[width.k - 1];
  const float floor = std::min(width.nearest - width.reach * kth, ranks[width.least - 1]);
  return width.most < ranks.size() ? std::max(floor, ranks[width.most - 1]) : floor;
}

TEST(HnswBeamTest, HoldsWhatIsNotMuchFartherThanTheKth) {
  Random random(2);
  Beam beam;
  size_t between = 0;
  for (int round = 0; round < 200; ++round) {
    const size_t k = 1 + random.Below(10);
    const size_t least = k + random.Below(10);
    const size_t most = least + random.Below(60);
    const Width width = {least, most, k, 1 + static_cast<float>(random.Below(100)) / 100, 180};
    beam.Reset(width);
    std::vector<float> ranks;
    for (uint32_t node = 0; node < 150; ++node) {
      // Each once, so that all can be told apart.
      ranks.push_back(static_cast<float>((node * 37 + round) % 151));
      if (beam.Wants(OrderedBits(ranks[node]))) beam.Insert(OrderedBits(ranks[node]), node);
    }
    const float floor = Nearness(width, ranks);
    std::vector<uint32_t> near;
    for (uint32_t node = 0; node < 150; ++node) {
      if (ranks[node] >= floor) near.push_back(node);
    }
    std::sort(near.begin(), near.end(),
              [&](uint32_t a, uint32_t b) { return ranks[a] > ranks[b]; });
    between += least < near.size() && near.size() < most;
    std::vector<uint32_t> expanded;
    for (uint32_t node; (node = beam.Expand()) != kNoNode;) expanded.push_back(node);
    ASSERT_EQ(expanded, near);
    ASSERT_GE(beam.size(), near.size());
    ASSERT_LE(beam.size(), most);
  }
  EXPECT_GT(between, 20u);
}

TEST(HnswBeamTest, IsAsWideAsIsAskedForWhereAllAreEqual) {
  Beam beam;
  beam.Reset({5, 20, 3, 1.5f, 1});
  for (uint32_t node = 0; node < 50; ++node) {
    if (beam.Wants(OrderedBits(1))) beam.Insert(OrderedBits(1), node);
  }
  EXPECT_EQ(beam.size(), 5u);
}

}  // namespace
}  // namespace skalar::hnsw
