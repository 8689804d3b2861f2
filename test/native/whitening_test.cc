// The proof obligation of scans by the Mahalanobis distance: whatever the float32 kernels return
// for an image, Bound() around it holds the rank that the exact score has; and images are those of
// the rows that the store has at that moment.

#include "score/whitening.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "flat/scan.h"
#include "matrices.h"
#include "rows.h"
#include "targets.h"

namespace skalar {
namespace {

void WhitenAll(Whitening* whitening, const VectorStore& store) {
  while (whitening->waiting() > 0) {
    const auto batch = whitening->Begin(store.Snapshot());
    ASSERT_NE(batch, nullptr);
    batch->Work(nullptr);
    ASSERT_TRUE(whitening->Finish(batch.get()).ok());
  }
}

TEST(WhiteningTest, BoundsHoldEveryScore) {
  Random random(5);
  for (const size_t n : {1, 3, 16, 40, 129}) {
    for (const double pivot : {1.0, 0.1, 1e-3, 1e-6, 3e-8}) {
      for (const float offset : {0.0f, 1e3f, 1e6f}) {
        const Parts parts = RandomParts(random, n, pivot, 30);
        const auto precision = PrecisionOf(parts);
        const Floats center = random.Vector(n, offset);
        const auto near = [&](float spread) {
          Floats vector = random.Vector(n, spread);
          for (size_t i = 0; i < n; ++i) {
            vector[i] = std::ldexp(vector[i] + center[i], -parts.exponents[i]);
          }
          return vector;
        };
        VectorStore store(n);
        for (uint32_t slot = 0; slot < 90; ++slot) {
          const float spread = slot % 9 == 0 ? 1e-4f : slot % 31 == 0 ? 1e4f : 1.0f;
          ASSERT_TRUE(PutRow(&store, slot, RowOf(near(spread))).ok());
        }
        const VectorStore::View view = store.Snapshot();
        Whitening whitening(precision, view);
        WhitenAll(&whitening, store);
        Query query;
        query.vector = Owned(Padded(near(1)));
        query.metric = Metric::kMahalanobis;
        query.whitened = whitening.Snapshot();
        const Scorer scorer(view, query);
        const WhitenedQuery image(*query.whitened, query.vector.get());
        ASSERT_TRUE(image.usable());
        for (uint32_t slot = 0; slot < 90; ++slot) {
          ASSERT_TRUE(query.whitened->Knows(slot));
          const VectorStore::View& images = query.whitened->images;
          const double rank = -scorer.Exact(slot);
          for (const simd::Kernels* kernels : simd::Targets()) {
            float dot;
            kernels->dot_rows(image.direction(), images.Row(slot), images.stride(), 1,
                              images.stride(), &dot);
            const RankInterval bound = image.Bound(dot, images.NormOf(slot));
            EXPECT_LE(bound.low, rank) << n << ' ' << pivot << ' ' << offset;
            EXPECT_GE(bound.high, rank) << n << ' ' << pivot << ' ' << offset;
            // And it tells something, wherever the rows lie, of all but the odd ones.
            if (pivot == 1.0 && n >= 16 && offset < 1e6f && slot % 9 != 0 && slot % 31 != 0) {
              EXPECT_LT(bound.high - bound.low, 0.5 * -rank) << n << ' ' << offset;
            }
          }
        }
      }
    }
  }
}

TEST(WhiteningTest, ImagesAreThoseOfTheRowsThatThereAre) {
  constexpr size_t kDimension = 5;
  constexpr uint32_t kSlots = 700;
  Random random(8);
  const auto precision = PrecisionOf(RandomParts(random, kDimension, 0.3, 3));
  VectorStore store(kDimension);
  uint64_t position = 1;
  const auto put = [&](uint32_t slot) {
    ASSERT_TRUE(PutRow(&store, slot, RowOf(random.Vector(kDimension)), ++position).ok());
  };
  for (uint32_t slot = 0; slot < kSlots; slot += 2) put(slot);
  Whitening whitening(precision, store.Snapshot());
  EXPECT_EQ(whitening.waiting(), kSlots / 2);
  for (int round = 0; round < 60; ++round) {
    const auto batch = whitening.Begin(store.Snapshot());
    // While it is under way, and a search has a snapshot, too.
    const std::shared_ptr<const Whitened> before = whitening.Snapshot();
    const VectorStore::View rows_before = store.Snapshot();
    for (uint32_t change = 0; change < 80; ++change) {
      const uint32_t slot = random.Below(kSlots);
      if (random.OneIn(3)) {
        store.Remove(&slot, 1, ++position);
        whitening.Remove(&slot, 1);
      } else {
        put(slot);
        whitening.Put(&slot, 1);
      }
    }
    if (batch != nullptr) {
      batch->Work(nullptr);
      // Now and then another one takes over.
      const auto other = random.OneIn(4) ? whitening.Begin(store.Snapshot()) : nullptr;
      ASSERT_TRUE(whitening.Finish(batch.get()).ok());
      if (other != nullptr) {
        other->Work(nullptr);
        ASSERT_TRUE(whitening.Finish(other.get()).ok());
      }
    }
    if (random.OneIn(3)) WhitenAll(&whitening, store);
    const auto check = [&](const VectorStore::View& view,
                           const std::shared_ptr<const Whitened>& whitened) {
      Query query;
      query.vector = Owned(Padded(random.Vector(kDimension)));
      query.metric = Metric::kMahalanobis;
      query.k = 12;
      query.whitened = whitened;
      std::vector<Hits> answers;
      Scan scan(view, {query}, nullptr);
      scan.Work();
      ASSERT_TRUE(scan.Finish(&answers).ok());
      const Scorer scorer(view, query);
      std::vector<Hit> all;
      for (uint32_t slot = 0; slot < kSlots; ++slot) {
        if (view.IsLive(slot)) all.push_back({slot, scorer.Exact(slot)});
      }
      std::sort(all.begin(), all.end(), [](const Hit& a, const Hit& b) {
        return a.score == b.score ? a.slot < b.slot : a.score < b.score;
      });
      ASSERT_EQ(answers[0].hits.size(), query.k);
      for (size_t i = 0; i < query.k; ++i) {
        EXPECT_EQ(answers[0].hits[i].slot, all[i].slot);
        EXPECT_EQ(answers[0].hits[i].score, all[i].score);
      }
    };
    check(store.Snapshot(), whitening.Snapshot());
    if (before->frame != nullptr) check(rows_before, before);
  }
}

TEST(WhiteningTest, ASnapshotKnowsNothingThatCameLater) {
  Random random(4);
  VectorStore store(3);
  const auto put = [&](uint32_t slot, uint64_t position) {
    ASSERT_TRUE(PutRow(&store, slot, RowOf(random.Vector(3)), position).ok());
  };
  for (uint32_t slot = 0; slot < 10; ++slot) put(slot, 1);
  Whitening whitening(PrecisionOf(RandomParts(random, 3, 0.5, 0)), store.Snapshot());
  WhitenAll(&whitening, store);
  for (uint32_t slot = 10; slot < 80; ++slot) {
    put(slot, 2);
    whitening.Put(&slot, 1);
  }
  const std::shared_ptr<const Whitened> before = whitening.Snapshot();
  // Its image is appended where the snapshot would see it live, and is of another row.
  const uint32_t replaced = 70;
  put(replaced, 3);
  whitening.Put(&replaced, 1);
  WhitenAll(&whitening, store);
  const std::shared_ptr<const Whitened> after = whitening.Snapshot();
  whitening.Remove(&replaced, 1);
  for (uint32_t slot = 0; slot < 80; ++slot) {
    EXPECT_EQ(before->Knows(slot), slot < 10);
    EXPECT_TRUE(after->Knows(slot));
    EXPECT_EQ(whitening.Snapshot()->Knows(slot), slot != replaced);
  }
}

TEST(WhiteningTest, WhatIsTooFarHasNoImageAndWaitsForNone) {
  const Parts parts = {{1, 0, 0, 1}, {1, 0, 0, 1}, {0, 0}};
  VectorStore store(2);
  for (uint32_t slot = 0; slot < 70; ++slot) {
    ASSERT_TRUE(PutRow(&store, slot, RowOf({1, static_cast<float>(slot % 3)})).ok());
  }
  Whitening whitening(PrecisionOf(parts), store.Snapshot());
  WhitenAll(&whitening, store);
  ASSERT_TRUE(PutRow(&store, 70, RowOf({1e30f, 0})).ok());
  const uint32_t far = 70;
  whitening.Put(&far, 1);
  EXPECT_EQ(whitening.waiting(), 1u);
  WhitenAll(&whitening, store);
  EXPECT_TRUE(whitening.Snapshot()->Knows(69));
  EXPECT_FALSE(whitening.Snapshot()->Knows(far));
  Query query;
  query.vector = Owned(Padded({1e30f, 0}));
  query.metric = Metric::kMahalanobis;
  query.k = 1;
  query.whitened = whitening.Snapshot();
  std::vector<Hits> answers;
  Scan scan(store.Snapshot(), {query}, nullptr);
  scan.Work();
  ASSERT_TRUE(scan.Finish(&answers).ok());
  ASSERT_EQ(answers[0].hits.size(), 1u);
  EXPECT_EQ(answers[0].hits[0].slot, far);
  EXPECT_EQ(answers[0].hits[0].score, 0);
}

TEST(PackedMatrixTest, MultipliesVectorsAndAgreesOnTheirNumber) {
  Random random(3);
  for (const size_t n : {1, 2, 15, 16, 17, 130, 257}) {
    for (const bool lower : {false, true}) {
      Doubles matrix(n * n);
      for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < (lower ? i + 1 : n); ++j) matrix[i * n + j] = random.Uniform();
      }
      const PackedMatrix packed(matrix.data(), n, lower);
      constexpr size_t kCount = 19;
      Doubles vectors(kCount * n);
      for (double& component : vectors) component = random.Uniform();
      Doubles products;
      packed.Multiply(vectors.data(), kCount, &products);
      Doubles alone;
      packed.Multiply(vectors.data() + 7 * n, 1, &alone);
      for (size_t j = 0; j < n; ++j) {
        EXPECT_EQ(alone[j], products[7 * packed.stride() + j]);
        for (size_t i = 0; i < kCount; ++i) {
          double sum = 0;
          double size = 0;
          for (size_t k = 0; k < n; ++k) {
            sum += vectors[i * n + k] * matrix[k * n + j];
            size += std::abs(vectors[i * n + k] * matrix[k * n + j]);
          }
          EXPECT_NEAR(products[i * packed.stride() + j], sum, 1e-13 * size);
        }
      }
    }
  }
}

}  // namespace
}  // namespace skalar
