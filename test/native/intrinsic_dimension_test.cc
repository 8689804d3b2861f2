// The intrinsic dimension of distances that are known.

#include "hnsw/intrinsic_dimension.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hnsw/beam.h"

namespace skalar::hnsw {
namespace {

// What is found near a node in that dimension.
Beam Near(size_t size, double dimension, double factor = 0.01) {
  Beam beam;
  beam.Reset(Width::Of(size));
  for (uint32_t j = 1; j <= size; ++j) {
    beam.Insert(OrderedBits(static_cast<float>(1 - factor * std::pow(j, 2 / dimension))), j);
  }
  return beam;
}

TEST(HnswIntrinsicDimensionTest, IsTheMeanOverNodes) {
  IntrinsicDimension dimension;
  dimension.Add(Near(200, 10), 1);
  EXPECT_NEAR(dimension.mean(), 10, 1e-2);
  dimension.Add(Near(60, 30, 0.3), 1);
  EXPECT_NEAR(dimension.mean(), 20, 1e-2);
  IntrinsicDimension other;
  other.Add(Near(100, 50), 1);
  dimension.Add(other);
  EXPECT_NEAR(dimension.mean(), 30, 1e-2);
  dimension.Add(IntrinsicDimension(60, 3));
  EXPECT_NEAR(dimension.mean(), 45, 1e-2);
}

TEST(HnswIntrinsicDimensionTest, LearnsNothingOfFewOrOfEqualNodes) {
  IntrinsicDimension dimension;
  dimension.Add(Near(200, 10, 0), 1);
  dimension.Add(Near(19, 10), 1);
  dimension.Add(Beam(), 1);
  EXPECT_EQ(dimension.mean(), 2);
}

TEST(HnswIntrinsicDimensionTest, IsBoundedWhereAllIsEquallyFar) {
  IntrinsicDimension dimension;
  dimension.Add(Near(200, 1e9), 1);
  EXPECT_GT(dimension.mean(), 100);
  EXPECT_LT(dimension.mean(), 1000);
}

TEST(HnswIntrinsicDimensionTest, ReachesLessFarInMoreDimensions) {
  const IntrinsicDimension few(10, 1);
  const IntrinsicDimension many(40, 1);
  EXPECT_EQ(few.Reach(10, 10), 1);
  EXPECT_GT(few.Reach(10, 160), few.Reach(10, 80));
  EXPECT_GT(few.Reach(10, 80), many.Reach(10, 80));
  EXPECT_GT(many.Reach(10, 80), 1);
}

}  // namespace
}  // namespace skalar::hnsw
