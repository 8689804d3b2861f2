#include "store/row.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "rows.h"

namespace skalar {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kSmallest = std::numeric_limits<float>::denorm_min();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<uint8_t> RawRows(const std::vector<Floats>& vectors) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < vectors.size(); ++i) {
    AppendTo(&bytes, {static_cast<uint32_t>(i), 0, vectors[i]});
  }
  return bytes;
}

TEST(RowTest, PaddingFillsWholeLanes) {
  EXPECT_EQ(PaddedDimension(1), 16u);
  EXPECT_EQ(PaddedDimension(16), 16u);
  EXPECT_EQ(PaddedDimension(17), 32u);
  EXPECT_EQ(PaddedDimension(4096), 4096u);
}

TEST(RowTest, TheSquaredNormIsTheSumOfSquares) {
  const Floats vector = Padded({3, -4});
  EXPECT_EQ(SquaredNorm(vector.data(), vector.size()), 25.0);
}

TEST(RowTest, ScalesArePowersOfTwo) {
  EXPECT_EQ(ScaleOf(0), 0.0);
  EXPECT_EQ(ScaledNorm(0), 1.0);
  for (int exponent = -149; exponent < 137; ++exponent) {
    for (const double fraction : {1.0, 1.5, std::nextafter(2.0, 0.0)}) {
      EXPECT_EQ(ScaleOf(std::ldexp(fraction, exponent)), std::ldexp(1.0, exponent));
      EXPECT_EQ(ScaledNorm(std::ldexp(fraction, exponent)), fraction);
    }
  }
}

TEST(RowTest, VectorsKeepEveryBitAndLengthsAgreeWithExtendedPrecision) {
  Random random(1);
  for (size_t dimension : {1, 2, 15, 16, 17, 100, 4096}) {
    for (float scale : {1e-40f, 1e-30f, 1e-3f, 1.0f, 1e30f, 3e38f}) {
      const Floats vector = random.Vector(dimension, scale);
      long double squares = 0;
      for (float x : vector) squares += static_cast<long double>(x) * x;
      const long double norm = std::sqrt(squares);
      const Row row = RowOf(vector, 7);
      EXPECT_EQ(row.ordinal, 7u);
      // As many roundings as a term takes part in, then the root.
      const long double roundings = static_cast<long double>(dimension) / 16 + 6;
      EXPECT_LE(std::fabs(row.norm - norm), roundings * 0x1p-53L * norm);
      if (norm == 0) continue;
      const double scaled_norm = std::sqrt(DotInLanes(row.scaled, row.scaled));
      EXPECT_GE(scaled_norm, 1);
      EXPECT_LT(scaled_norm, 2);
      for (size_t i = 0; i < dimension; ++i) {
        ASSERT_EQ(static_cast<float>(row.scaled[i] * ScaleOf(row.norm)), vector[i])
            << dimension << ", " << scale << ", " << i;
      }
    }
  }
}

TEST(RowTest, ComponentsAreLostThatAreFarBelowTheLength) {
  EXPECT_EQ(RowOf({1e25f, 1e-25f}).scaled[1] * ScaleOf(RowOf({1e25f, 1e-25f}).norm), 0.0);
  EXPECT_EQ(RowOf({0x1p60f, 0x1p-65f}).scaled[1] * 0x1p60, 0x1p-65);
}

TEST(RowTest, ADamagedRowIsFound) {
  Random random(3);
  std::vector<uint8_t> rows = RawRows({random.Vector(5), random.Vector(5), random.Vector(5)});
  constexpr size_t kBytes = RowBytes(5);
  for (size_t i = 0; i < 3; ++i) SealRow(&rows[i * kBytes], kBytes);
  EXPECT_EQ(FirstDamagedRow(rows.data(), 3, kBytes), 3u);
  for (size_t at = 0; at < 3 * kBytes; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      rows[at] ^= static_cast<uint8_t>(1 << bit);
      EXPECT_EQ(FirstDamagedRow(rows.data(), 3, kBytes), at / kBytes);
      rows[at] ^= static_cast<uint8_t>(1 << bit);
    }
  }
  EXPECT_FALSE(IsIntact(rows.data(), 7));
}

TEST(RowTest, LeavesOrdinalsAndChecksumsAlone) {
  std::vector<uint8_t> rows = RawRows({{1, 1}, {2, 2}});
  rows[RowBytes(2) + 4] = 0xAB;
  EXPECT_EQ(NormalizeRows(rows.data(), 2, 2, true), 2u);
  EXPECT_EQ(RowAt(rows.data() + RowBytes(2), 2).ordinal, 1u);
  EXPECT_EQ(rows[RowBytes(2) + 4], 0xAB);
}

TEST(RowTest, ZeroVectorsStayZeroUnlessRefused) {
  const std::vector<Floats> vectors = {{0, 3}, {0, 0}, {-0.0f, 0}};
  std::vector<uint8_t> rows = RawRows(vectors);
  EXPECT_EQ(NormalizeRows(rows.data(), 3, 2, false), 3u);
  EXPECT_EQ(RowAt(rows.data() + RowBytes(2), 2), (Row{1, 0, {0, 0}}));
  EXPECT_EQ(RowAt(rows.data() + 2 * RowBytes(2), 2), (Row{2, 0, {0, 0}}));

  rows = RawRows(vectors);
  EXPECT_EQ(NormalizeRows(rows.data(), 3, 2, true), 1u);
}

TEST(RowTest, StopsAtTheFirstComponentThatIsNotFinite) {
  constexpr size_t kDimension = 33;
  for (float bad : {kInfinity, -kInfinity, std::nanf("")}) {
    for (size_t at : {0, 15, 16, 32}) {
      std::vector<Floats> vectors(4, Floats(kDimension, 2.0f));
      vectors[2][at] = bad;
      std::vector<uint8_t> rows = RawRows(vectors);
      const std::vector<uint8_t> before = rows;
      ASSERT_EQ(NormalizeRows(rows.data(), 4, kDimension, false), 2u) << bad << " at " << at;
      EXPECT_EQ(RowAt(rows.data() + RowBytes(kDimension), kDimension), RowOf(vectors[1], 1));
      const ptrdiff_t untouched = 2 * RowBytes(kDimension);
      EXPECT_TRUE(std::equal(rows.begin() + untouched, rows.end(), before.begin() + untouched));
    }
  }
}

TEST(RowTest, FindsTheFirstVectorThatIsBad) {
  for (const size_t dimension : {1, 3, 16, 33}) {
    for (const float bad : {kInfinity, -kInfinity, std::nanf(""), -std::nanf("")}) {
      for (size_t at = 0; at < dimension; ++at) {
        Floats vectors(4 * dimension, kLargest);
        EXPECT_EQ(FirstBadVector(vectors.data(), 4, dimension, true), 4u);
        vectors[2 * dimension + at] = bad;
        vectors[3 * dimension + at] = bad;
        EXPECT_EQ(FirstBadVector(vectors.data(), 4, dimension, true), 2u) << bad << " at " << at;
      }
    }
  }
}

TEST(RowTest, AVectorOfZerosOfEitherSignIsBadWhereADirectionIsNeeded) {
  Floats vectors = {kSmallest, 0, 0, -0.0f, 0, 1};
  EXPECT_EQ(FirstBadVector(vectors.data(), 3, 2, true), 1u);
  EXPECT_EQ(FirstBadVector(vectors.data(), 3, 2, false), 3u);
}

TEST(RowTest, TheSmallestVectorHasADirection) {
  const Row row = RowOf({0, -kSmallest, 0});
  EXPECT_EQ(row.norm, static_cast<double>(kSmallest));
  EXPECT_EQ(row.scaled, (Floats{0, -1, 0}));
}

TEST(RowTest, TheLargestVectorsHaveFiniteNorms) {
  const Row row = RowOf(Floats(4096, kLargest));
  EXPECT_NEAR(row.norm / kLargest, 64, 1e-12);
  EXPECT_EQ(ScaleOf(row.norm), 0x1p133);
  EXPECT_EQ(row.scaled, Floats(4096, std::ldexp(kLargest, -133)));
}

TEST(RowTest, RowsNeedNoAlignment) {
  Random random(2);
  const std::vector<uint8_t> aligned = RawRows({random.Vector(5), random.Vector(5)});
  std::vector<uint8_t> expected = aligned;
  NormalizeRows(expected.data(), 2, 5, true);
  for (size_t offset = 1; offset < 8; ++offset) {
    std::vector<uint8_t> buffer(offset);
    buffer.insert(buffer.end(), aligned.begin(), aligned.end());
    EXPECT_EQ(NormalizeRows(buffer.data() + offset, 2, 5, true), 2u);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), buffer.data() + offset)) << offset;
  }
}

TEST(RowTest, NoRowsAreAllGood) { EXPECT_EQ(NormalizeRows(nullptr, 0, 3, true), 0u); }

}  // namespace
}  // namespace skalar
