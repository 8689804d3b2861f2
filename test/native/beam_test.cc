// The beam against a sorted list.

#include "hnsw/beam.h"

#include <gtest/gtest.h>

#include <algorithm>
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
    beam.Reset(width);
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

}  // namespace
}  // namespace skalar::hnsw
