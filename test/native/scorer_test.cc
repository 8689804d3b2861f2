// The proof obligation of the exact scan: whatever the float32 kernels of any target return for a
// row, Bound() around it holds the row's rank.

#include "score/scorer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "rows.h"
#include "targets.h"

namespace skalar {
namespace {

Floats DirectionOf(const Scorer& scorer, const VectorStore::View& view) {
  Floats direction(view.stride());
  scorer.WriteDirection(direction.data());
  return direction;
}

struct Pair {
  Floats row;
  Floats query;
};

struct Pattern {
  const char* name;
  std::function<Pair(Random&, size_t dimension)> draw;
};

float PowerOfTen(Random& random, int least, int most) {
  const int exponent = least + static_cast<int>(random.Below(static_cast<uint32_t>(most - least)));
  return std::pow(10.0f, static_cast<float>(exponent));
}

Floats Nudged(Floats vector, Random& random, float by) {
  for (float& component : vector) component *= 1 + by * random.Uniform();
  return vector;
}

Floats Scaled(Floats vector, float by) {
  for (float& component : vector) component *= by;
  return vector;
}

const Pattern kPatterns[] = {
    {"random directions",
     [](Random& random, size_t d) {
       return Pair{random.Vector(d), random.Vector(d)};
     }},
    {"the same vector",
     [](Random& random, size_t d) {
       const Floats vector = random.Vector(d);
       return Pair{vector, vector};
     }},
    {"opposite vectors",
     [](Random& random, size_t d) {
       const Floats vector = random.Vector(d);
       return Pair{vector, Scaled(vector, -1)};
     }},
    {"multiples of one another",
     [](Random& random, size_t d) {
       const Floats vector = random.Vector(d);
       return Pair{Scaled(vector, PowerOfTen(random, -30, 30)), vector};
     }},
    {"near-duplicates",
     [](Random& random, size_t d) {
       const Floats vector = random.Vector(d);
       return Pair{Nudged(vector, random, PowerOfTen(random, -7, -2)), vector};
     }},
    {"norms far apart",
     [](Random& random, size_t d) {
       return Pair{random.Vector(d, PowerOfTen(random, -30, 30)),
                   random.Vector(d, PowerOfTen(random, -30, 30))};
     }},
    // All components equal: every rounding of q̂ goes the same way.
    {"roundings that add up",
     [](Random& random, size_t d) {
       return Pair{Floats(d, 1 + random.Uniform() / 2), Floats(d, 1 + random.Uniform() / 2)};
     }},
    // The same where the dot product is small, and its own float32 fine enough to show it.
    {"roundings that add up, at wide angles",
     [](Random& random, size_t d) {
       Pair pair{Floats(d, 1), Floats(d)};
       for (size_t i = 0; i < d; i += 8) pair.query[i] = 1 + random.Uniform() / 2;
       return pair;
     }},
    {"one component that swallows the others",
     [](Random& random, size_t d) {
       Pair pair{random.Vector(d, 0x1p-13f), random.Vector(d, 0x1p-13f)};
       pair.row[0] = pair.query[0] = 1;
       return pair;
     }},
    {"large products that cancel",
     [](Random& random, size_t d) {
       Pair pair{random.Vector(d, 1e-4f), random.Vector(d, 1e-4f)};
       for (size_t i = 0; i + 1 < d; i += 2) {
         pair.row[i] = pair.row[i + 1] = 1 + random.Uniform() / 8;
         pair.query[i] = 1;
         pair.query[i + 1] = -1;
       }
       return pair;
     }},
    {"components that scaled vectors round to subnormals",
     [](Random& random, size_t d) {
       Pair pair{random.Vector(d, 1e-38f), random.Vector(d, 1e-38f)};
       pair.row[d / 2] = pair.query[d / 3] = 1;
       return pair;
     }},
    {"nothing but subnormals",
     [](Random& random, size_t d) {
       return Pair{random.Vector(d, 1e-41f), random.Vector(d, 1e-41f)};
     }},
    {"the largest numbers there are",
     [](Random& random, size_t d) {
       return Pair{random.Vector(d, 3.4e38f), random.Vector(d, 3.4e38f)};
     }},
    {"one component each",
     [](Random& random, size_t d) {
       Pair pair{Floats(d), Floats(d)};
       pair.row[random.Below(static_cast<uint32_t>(d))] = 0.1f;
       pair.query[random.Below(static_cast<uint32_t>(d))] = 0.3f;
       return pair;
     }},
    {"rows of zeros",
     [](Random& random, size_t d) {
       return Pair{Floats(d), random.Vector(d)};
     }},
};

bool IsZero(const Floats& vector) {
  return std::all_of(vector.begin(), vector.end(), [](float x) { return x == 0; });
}

class ScorerTest : public testing::TestWithParam<Metric> {
 protected:
  const Metric metric_ = GetParam();

  // Calls check(name, row, query, store, scorer) for many pairs with a score.
  template <class Check>
  void ForEachPair(Check check) const {
    for (const Pattern& pattern : kPatterns) {
      Random random(1);
      for (size_t dimension : {1, 2, 3, 16, 17, 100, 768, 4096}) {
        VectorStore store(dimension);
        const int rounds = dimension > 100 ? 5 : 40;
        for (int round = 0; round < rounds; ++round) {
          const Pair pair = pattern.draw(random, dimension);
          // Neither has an angle to anything, so the addon refuses them.
          if (metric_ == Metric::kCosine && (IsZero(pair.row) || IsZero(pair.query))) continue;
          ASSERT_TRUE(PutRow(&store, 0, RowOf(pair.row)).ok());
          Query query;
          query.vector = Owned(Padded(pair.query));
          query.metric = metric_;
          query.center = kCenter;
          const VectorStore::View view = store.Snapshot();
          const Scorer scorer(view, query);
          check(std::string(pattern.name) + ", dimension " + std::to_string(dimension), pair, view,
                scorer);
        }
      }
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Metrics, ScorerTest, testing::ValuesIn(kMetrics),
                         [](const auto& info) { return NameOf(info.param); });

TEST_P(ScorerTest, ExactScoresHaveTheBitsOfTheReference) {
  ForEachPair([&](const std::string& name, const Pair& pair, const VectorStore::View&,
                  const Scorer& scorer) {
    ASSERT_EQ(Bits(scorer.Exact(0)), Bits(ReferenceScore(metric_, RowOf(pair.row), pair.query)))
        << name;
  });
}

TEST_P(ScorerTest, ExactScoresAreTheTrueOnesWithinTheRoundingsOfFloat64) {
  ForEachPair([&](const std::string& name, const Pair& pair, const VectorStore::View& view,
                  const Scorer& scorer) {
    const Floats query = Padded(pair.query);
    const double tolerance = Tolerance(metric_, view.NormOf(0), Norm(query.data(), query.size()));
    ASSERT_LE(std::fabs(scorer.Exact(0) - TrueScore(metric_, pair.row, pair.query)), tolerance)
        << name;
  });
}

TEST_P(ScorerTest, BoundsHoldTheExactRankForEveryTarget) {
  const auto targets = simd::Targets();
  ForEachPair([&](const std::string& name, const Pair&, const VectorStore::View& view,
                  const Scorer& scorer) {
    const double score = scorer.Exact(0);
    const long double rank =
        metric_ == Metric::kEuclidean ? -static_cast<long double>(score) * score : score;
    // What a threshold, and `after`, hold against the bound.
    const RankInterval of_score = scorer.Rank(score);
    ASSERT_LE(of_score.low, rank) << name;
    ASSERT_GE(of_score.high, rank) << name;
    const Floats direction = DirectionOf(scorer, view);
    for (const simd::Kernels* kernels : targets) {
      float dot;
      kernels->dot_rows(direction.data(), view.Row(0), view.stride(), 1, view.stride(), &dot);
      const RankInterval bound = scorer.Bound(dot, view.NormOf(0));
      ASSERT_LE(bound.low, rank) << name << ", " << kernels->name;
      ASSERT_GE(bound.high, rank) << name << ", " << kernels->name;
      ASSERT_LE(bound.low, of_score.high) << name << ", " << kernels->name;
      ASSERT_GE(bound.high, of_score.low) << name << ", " << kernels->name;
    }
  });
}

// The largest float32 that is not beyond `value`, seen from zero: no kernel could return more.
float NotBeyond(double value) {
  const float rounded = static_cast<float>(value);
  return std::fabs(rounded) > std::fabs(value) ? std::nextafter(rounded, 0.0f) : rounded;
}

// Real kernels stay far from their worst case, which simd/kernels.h allows.
TEST_P(ScorerTest, BoundsHoldTheExactRankForTheWorstKernelThatIsAllowed) {
  ForEachPair([&](const std::string& name, const Pair&, const VectorStore::View& view,
                  const Scorer& scorer) {
    const double score = scorer.Exact(0);
    const long double rank =
        metric_ == Metric::kEuclidean ? -static_cast<long double>(score) * score : score;
    const size_t n = view.stride();
    const Floats row(view.Row(0), view.Row(0) + n);
    const Floats direction = DirectionOf(scorer, view);
    const double dot = DotInLanes(row, direction);
    const double error = simd::DotErrorFactor(n) * Norm(row.data(), n) * Norm(direction.data(), n);
    for (double worst : {dot - error, dot + error}) {
      const RankInterval bound = scorer.Bound(NotBeyond(worst), view.NormOf(0));
      ASSERT_LE(bound.low, rank) << name;
      ASSERT_GE(bound.high, rank) << name;
    }
  });
}

TEST_P(ScorerTest, AVectorIsExactlyItself) {
  Random random(2);
  for (size_t dimension : {1, 2, 3, 16, 17, 100, 768, 4096}) {
    VectorStore store(dimension);
    for (int exponent = -38; exponent < 38; ++exponent) {
      const Floats vector = random.Vector(dimension, std::pow(10.0f, static_cast<float>(exponent)));
      ASSERT_TRUE(PutRow(&store, 0, RowOf(vector)).ok());
      Query query;
      query.vector = Owned(Padded(vector));
      query.metric = metric_;
      const VectorStore::View view = store.Snapshot();
      const Scorer scorer(view, query);
      const double norm = Norm(query.vector.get(), view.stride());
      const double expected = metric_ == Metric::kCosine      ? 1
                              : metric_ == Metric::kEuclidean ? 0
                                                              : DotInLanes(vector, vector);
      ASSERT_EQ(scorer.Exact(0), expected) << dimension << ", " << exponent << ", " << norm;
    }
  }
}

TEST_P(ScorerTest, CosinesAreNotBeyondOne) {
  ForEachPair(
      [&](const std::string& name, const Pair&, const VectorStore::View&, const Scorer& scorer) {
        if (metric_ != Metric::kCosine) return;
        ASSERT_LE(std::fabs(scorer.Exact(0)), 1) << name;
      });
}

// A bound that is safe but loose would make scans rank everything exactly.
TEST_P(ScorerTest, BoundsAreNotWiderThanFloat32CallsFor) {
  ForEachPair([&](const std::string& name, const Pair& pair, const VectorStore::View& view,
                  const Scorer& scorer) {
    const Floats query = Padded(pair.query);
    const double norm = view.NormOf(0), query_norm = Norm(query.data(), query.size());
    const double relative = 2 * (simd::DotErrorFactor(view.stride()) + 8 * 0x1p-24);
    const double scale = metric_ == Metric::kCosine ? 1
                         : metric_ == Metric::kDot
                             ? norm * query_norm
                             : norm * norm + query_norm * query_norm + 2 * norm * query_norm;
    const RankInterval bound = scorer.Bound(0.5f, norm);
    ASSERT_LE(bound.high - bound.low, relative * scale) << name;
  });
}

TEST_P(ScorerTest, TheDirectionIsAUnitVectorAndPadded) {
  VectorStore store(3);
  ASSERT_TRUE(PutRow(&store, 0, RowOf({1, 0, 0})).ok());
  const VectorStore::View view = store.Snapshot();
  Query query;
  query.vector = Owned(Padded({0, -3e-30f, 4e-30f}));
  query.metric = metric_;
  const Floats direction = DirectionOf(Scorer(view, query), view);
  EXPECT_FLOAT_EQ(direction[1], -0.6f);
  EXPECT_FLOAT_EQ(direction[2], 0.8f);
  for (size_t i : {0, 3, 15}) EXPECT_EQ(direction[i], 0.0f);
}

TEST_P(ScorerTest, RanksGrowAsScoresGetNearer) {
  VectorStore store(1);
  const VectorStore::View view = store.Snapshot();
  Query query;
  query.vector = Owned(Padded({1}));
  query.metric = metric_;
  const Scorer scorer(view, query);
  // A threshold or a keyset may be any finite number, a negative distance included.
  const double ascending[] = {-1e150, -2, -1, -1e-9, 0, 1e-9, 0.5, 1, 2, 1e150};
  for (size_t i = 1; i < std::size(ascending); ++i) {
    const bool larger_is_nearer = scorer.Nearer(ascending[i], ascending[i - 1]);
    EXPECT_NE(larger_is_nearer, metric_ == Metric::kEuclidean);
    const double nearer = ascending[larger_is_nearer ? i : i - 1];
    const double farther = ascending[larger_is_nearer ? i - 1 : i];
    EXPECT_LT(scorer.Rank(farther).high, scorer.Rank(nearer).low) << farther << ", " << nearer;
  }
}

TEST(ScorerZeroQueryTest, ScoresFollowFromTheNorms) {
  VectorStore store(2);
  ASSERT_TRUE(PutRow(&store, 0, RowOf({3, 4})).ok());
  const VectorStore::View view = store.Snapshot();
  Query by_dot;
  by_dot.vector = Owned(Padded({0, 0}));
  by_dot.metric = Metric::kDot;
  Query by_distance = by_dot;
  by_distance.metric = Metric::kEuclidean;
  const Scorer dot(view, by_dot), euclidean(view, by_distance);
  EXPECT_EQ(DirectionOf(dot, view)[0], 0.0f);
  EXPECT_EQ(dot.Exact(0), 0.0);
  EXPECT_EQ(euclidean.Exact(0), 5.0);
  EXPECT_LE(euclidean.Bound(0, 5).low, -25.0);
  EXPECT_GE(euclidean.Bound(0, 5).high, -25.0);
}

}  // namespace
}  // namespace skalar
