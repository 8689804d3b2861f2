// Bounds of weights by codes against the weights of their definition: for every index and affinity
// of products, with rows that wait, that were removed, replaced, excluded, and no members; over
// lengths and temperatures of any size.

#include "hnsw/weight_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "hnsw.h"

namespace skalar::hnsw {
namespace {

constexpr size_t kDimension = 40;
constexpr uint32_t kCount = 1500;

double LogitOf(const Weighting& weighting, const Floats& x, const Floats& q) {
  double dot = 0, squares = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double difference = static_cast<double>(x[i]) - q[i];
    dot += static_cast<double>(x[i]) * q[i];
    squares += difference * difference;
  }
  if (weighting.affinity == Affinity::kDot) return weighting.scale * dot;
  if (weighting.affinity == Affinity::kRbf) return -weighting.scale * squares;
  return weighting.scale * std::log(std::abs(dot - weighting.center));
}

struct Sum {
  double log = kNothing;
  size_t rows = 0;
};

// The logarithm of the weight of those that take part.
Sum Expected(const Corpus& corpus, const Weighting& weighting, const Head& head,
             const SlotList& members, const Floats& query) {
  std::vector<double> logits;
  for (const auto& [slot, vector] : corpus.vectors) {
    if (std::binary_search(head.excluded.begin(), head.excluded.end(), slot)) continue;
    if (members && !std::binary_search(members->begin(), members->end(), slot)) continue;
    logits.push_back(LogitOf(weighting, vector, query));
  }
  if (logits.empty()) return {};
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double logit : logits) sum += max == kNothing ? 0 : std::exp(logit - max);
  return {max + std::log(sum), logits.size()};
}

double LogOf(const Total& total) { return total.max + std::log(total.sum); }

Head HeadOf(const Floats& query, std::vector<uint32_t> excluded) {
  Head head;
  head.query = Padded(query);
  head.keys = {0, head.query.size()};
  head.excluded = std::move(excluded);
  return head;
}

std::vector<Total> BoundsOf(Index* index, const Corpus& corpus, const Weighting& weighting,
                            std::vector<Head> heads, SlotList members, size_t workers) {
  WeightBounds bounds(index, corpus.store.Snapshot(), weighting, std::move(heads),
                      std::move(members), nullptr);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < workers; ++i) threads.emplace_back([&] { bounds.Work(); });
  for (std::thread& thread : threads) thread.join();
  std::vector<Total> totals;
  EXPECT_TRUE(bounds.Finish(&totals).ok());
  return totals;
}

Floats Scaled(Floats vector, float factor) {
  for (float& component : vector) component *= factor;
  return vector;
}

// Lengths around `length`, some zero vectors, some equal ones.
Floats Draw(Random& random, uint32_t slot, float length) {
  if (slot % 97 == 0) return Floats(kDimension, 0.0f);
  if (slot % 5 == 0) {
    Random same(slot % 3 + 1000);
    return Scaled(same.Vector(kDimension), length);
  }
  return Scaled(random.Vector(kDimension), length * (1 + static_cast<float>(slot % 4)));
}

class WeightBoundsTest : public testing::TestWithParam<Kind> {};

TEST_P(WeightBoundsTest, AreNoLessThanWeights) {
  for (const float length : {1.0f, 1e-15f, 1e15f}) {
    Random random(3);
    Corpus corpus(kDimension);
    Index index(SmallOptions(GetParam().metric, kDimension, GetParam().codes));
    for (uint32_t slot = 0; slot < kCount; ++slot) {
      PutBoth(&corpus, &index, slot, Draw(random, slot, length));
    }
    BuildAll(&index, corpus.store, 2);
    for (uint32_t slot = 7; slot < kCount; slot += 31) RemoveBoth(&corpus, &index, slot);
    // Replaced, and new: they wait.
    for (uint32_t slot = 11; slot < kCount; slot += 37) {
      PutBoth(&corpus, &index, slot, Draw(random, slot + 1, length));
    }
    for (uint32_t slot = kCount; slot < kCount + 40; ++slot) {
      PutBoth(&corpus, &index, slot, Draw(random, slot, length));
    }
    const std::vector<Floats> queries = {
        corpus.vectors.at(12), corpus.vectors.at(13), Scaled(random.Vector(kDimension), length),
        Scaled(random.Vector(kDimension), 1e10f * length), Floats(kDimension, 0.0f)};
    std::vector<uint32_t> even;
    for (uint32_t slot = 0; slot < kCount; slot += 2) even.push_back(slot);
    const auto some = std::make_shared<const std::vector<uint32_t>>(even);
    const double square = static_cast<double>(length) * length;
    for (const double sharp : {0.1, 10.0, 1e4}) {
      for (const Weighting& weighting :
           {Weighting{Affinity::kDot, sharp / square, 0, false, 1e-12},
            Weighting{Affinity::kRbf, sharp / square, 0, false, 1e-12},
            Weighting{Affinity::kPolynomial, 2 * std::ceil(sharp), -0.25 * square, false, 1e-12}}) {
        for (const SlotList& members : {SlotList(), SlotList(some)}) {
          std::vector<Head> heads;
          for (const Floats& query : queries) heads.push_back(HeadOf(query, {3, 12, 15, kCount}));
          const auto totals = BoundsOf(&index, corpus, weighting, heads, members, 2);
          for (size_t h = 0; h < heads.size(); ++h) {
            SCOPED_TRACE(testing::Message()
                         << h << ", length " << length << ", sharp " << sharp << ", affinity "
                         << static_cast<int>(weighting.affinity));
            const Sum expected = Expected(corpus, weighting, heads[h], members, queries[h]);
            ASSERT_EQ(totals[h].rows, expected.rows);
            // The reference rounds, too: as much as its logits are large.
            const double rounding = 1e-9 + 1e-12 * std::abs(expected.log);
            ASSERT_GE(LogOf(totals[h]) + rounding, expected.log);
          }
        }
      }
    }
  }
}

// Some widths of a code's error away from the truth, and far nearer than by lengths.
TEST_P(WeightBoundsTest, AreNear) {
  Random random(4);
  Corpus corpus(kDimension);
  Index index(SmallOptions(GetParam().metric, kDimension, GetParam().codes));
  for (uint32_t slot = 0; slot < kCount; ++slot) {
    PutBoth(&corpus, &index, slot, random.Vector(kDimension, 1));
  }
  BuildAll(&index, corpus.store, 2);
  const Floats query = random.Vector(kDimension, 1);
  const Head head = HeadOf(query, {});
  for (const double scale : {1.0, 20.0, 500.0}) {
    for (const Affinity affinity : {Affinity::kDot, Affinity::kRbf}) {
      const Weighting weighting = {affinity, scale, 0, false, 1e-12};
      const Total total = BoundsOf(&index, corpus, weighting, {head}, nullptr, 1)[0];
      const double expected = Expected(corpus, weighting, head, nullptr, query).log;
      const double width = GetParam().codes == Codes::kInt8 ? 0.06 : 0.4;
      EXPECT_LT(LogOf(total), expected + 0.1 + 2 * width * scale);
      // All rows that weigh anything are scored themselves.
      if (scale == 500) {
        EXPECT_LT(LogOf(total), expected + 0.1);
      }
    }
  }
}

TEST(WeightBoundsPassTest, StopWhenAborted) {
  Random random(5);
  Corpus corpus(kDimension);
  Index index(SmallOptions(Metric::kDot, kDimension, Codes::kInt8));
  for (uint32_t slot = 0; slot < 100; ++slot) {
    PutBoth(&corpus, &index, slot, random.Vector(kDimension));
  }
  const std::atomic<int32_t> abort{kAbort};
  WeightBounds bounds(&index, corpus.store.Snapshot(), {}, {HeadOf(random.Vector(kDimension), {})},
                      nullptr, &abort);
  bounds.Work();
  std::vector<Total> totals;
  EXPECT_EQ(bounds.Finish(&totals).code(), Status::Code::kAborted);
}

std::vector<Kind> KindsOfPlanes() {
  std::vector<Kind> kinds = AllKinds();
  std::erase_if(kinds, [](const Kind& kind) { return kind.codes == Codes::kFloat32; });
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Kinds, WeightBoundsTest, testing::ValuesIn(KindsOfPlanes()),
                         [](const auto& info) { return NameOfKind(info.param); });

}  // namespace
}  // namespace skalar::hnsw
