// Attention against its weighting, for every affinity, with members, values and exclusions, by
// several workers; and its bounds against its logits.

#include "score/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "rows.h"

namespace skalar {
namespace {

constexpr size_t kDimension = 21;
constexpr size_t kCount = 3000;
constexpr size_t kTop = 7;

struct Stored {
  VectorStore store{kDimension};
  std::vector<Floats> vectors;

  explicit Stored(Random& random) {
    for (uint32_t slot = 0; slot < kCount; ++slot) {
      vectors.push_back(random.Vector(kDimension, 1.0f + static_cast<float>(slot % 3)));
      EXPECT_TRUE(PutRow(&store, slot, RowOf(vectors.back(), slot)).ok());
    }
  }
};

double LogitOf(const Weighting& weighting, const Floats& x, const Floats& q) {
  double dot = 0, squares = 0, sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double difference = static_cast<double>(x[i]) - q[i];
    dot += static_cast<double>(x[i]) * q[i];
    squares += difference * difference;
    sum += std::abs(difference);
  }
  switch (weighting.affinity) {
    case Affinity::kDot:
      return weighting.scale * dot;
    case Affinity::kRbf:
      return -weighting.scale * squares;
    case Affinity::kLaplacian:
      return -weighting.scale * sum;
    case Affinity::kPolynomial:
      break;
  }
  return weighting.scale * std::log(std::abs(dot - weighting.center));
}

struct Answer {
  Status status;
  std::vector<double> outputs;
  std::vector<Total> totals;
  std::vector<Hits> heaviest;
};

Answer RunPass(Attention* attention, size_t workers) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < workers; ++i) threads.emplace_back([&] { attention->Work(); });
  for (std::thread& thread : threads) thread.join();
  Answer answer;
  answer.status = attention->Finish(&answer.outputs, &answer.totals, &answer.heaviest);
  return answer;
}

const Weighting kWeightings[] = {{Affinity::kDot, 3, 0, false, 0},
                                 {Affinity::kDot, 400, 0, false, 0},
                                 {Affinity::kRbf, 0.5, 0, false, 0},
                                 {Affinity::kLaplacian, 2, 0, false, 0},
                                 {Affinity::kPolynomial, 4, 0.25, false, 0}};

class AttentionTest : public testing::TestWithParam<Weighting> {
 protected:
  Head HeadOf(const Floats& query, std::vector<uint32_t> excluded = {}) const {
    const size_t stride = PaddedDimension(kDimension);
    return {Padded(query), {0, stride}, {0, stride}, std::move(excluded)};
  }

  Random random_{7};
  Stored stored_{random_};
  const size_t stride_ = PaddedDimension(kDimension);
};

TEST_P(AttentionTest, IsTheWeightedSumOfTheFormula) {
  const std::vector<Floats> queries = {random_.Vector(kDimension), random_.Vector(kDimension, 2)};
  std::vector<uint32_t> some;
  for (uint32_t slot = 5; slot < kCount; slot += 1 + slot % 2) some.push_back(slot);
  for (const bool listed : {false, true}) {
    for (const size_t workers : {1, 4}) {
      std::vector<uint32_t> slots(kCount);
      for (uint32_t slot = 0; slot < kCount; ++slot) slots[slot] = slot;
      if (listed) slots = some;
      const std::vector<uint32_t> excluded = {slots[3], slots[700]};
      Values values;
      values.own = true;
      Attention attention(stored_.store.Snapshot(), GetParam(),
                          {HeadOf(queries[0]), HeadOf(queries[1], excluded)},
                          listed ? std::make_shared<const std::vector<uint32_t>>(some) : nullptr,
                          values, kTop, nullptr);
      const Answer answer = RunPass(&attention, workers);
      ASSERT_TRUE(answer.status.ok());
      for (size_t h = 0; h < 2; ++h) {
        std::vector<Hit> logits;
        for (const uint32_t slot : slots) {
          if (h == 1 && std::binary_search(excluded.begin(), excluded.end(), slot)) continue;
          logits.push_back({slot, LogitOf(GetParam(), stored_.vectors[slot], queries[h])});
        }
        std::sort(logits.begin(), logits.end(),
                  [](const Hit& a, const Hit& b) { return a.score > b.score; });
        double sum = 0;
        std::vector<double> output(stride_);
        for (const auto& [slot, logit] : logits) {
          const double weight = std::exp(logit - logits[0].score);
          sum += weight;
          for (size_t j = 0; j < kDimension; ++j) output[j] += weight * stored_.vectors[slot][j];
        }
        const Total& total = answer.totals[h];
        EXPECT_EQ(total.rows, logits.size());
        EXPECT_NEAR(total.max, logits[0].score, 1e-9 * std::abs(logits[0].score));
        EXPECT_NEAR(total.sum, sum, 1e-8 * sum);
        for (size_t j = 0; j < stride_; ++j) {
          EXPECT_NEAR(answer.outputs[h * stride_ + j], output[j] / sum, 1e-8);
        }
        ASSERT_EQ(answer.heaviest[h].hits.size(), kTop);
        for (size_t i = 0; i < kTop; ++i) {
          const Hit& hit = answer.heaviest[h].hits[i];
          EXPECT_EQ(hit.slot, logits[i].slot);
          EXPECT_NEAR(hit.score, std::exp(logits[i].score - logits[0].score) / sum, 1e-9);
        }
      }
    }
  }
}

TEST_P(AttentionTest, BoundsExceedLogits) {
  Weighting weighting = GetParam();
  weighting.bound = true;
  weighting.slack = 1e-12;
  // Along a stored vector, and any.
  for (const Floats& query : {stored_.vectors[9], random_.Vector(kDimension)}) {
    for (uint32_t slot = 0; slot < 200; ++slot) {
      const auto member = std::make_shared<const std::vector<uint32_t>>(1, slot);
      Attention attention(stored_.store.Snapshot(), weighting, {HeadOf(query)}, member, {}, 0,
                          nullptr);
      const Answer answer = RunPass(&attention, 1);
      ASSERT_GE(answer.totals[0].max, LogitOf(GetParam(), stored_.vectors[slot], query) - 1e-12);
    }
  }
}

TEST_P(AttentionTest, SumsOtherValues) {
  const size_t stride = 32;
  Random random(3);
  Stored others(random);
  const auto members =
      std::make_shared<const std::vector<uint32_t>>(std::vector<uint32_t>{2, 30, 31, 900, 2999});
  const std::vector<uint32_t> places = {4, 3, 2, 1, 0};
  const Floats matrix = random.Vector(5 * stride);
  const Floats query = random.Vector(kDimension);
  const VectorStore::View view = others.store.Snapshot();
  for (const bool stored : {false, true}) {
    Values values;
    if (stored) {
      values.store = &view;
    } else {
      values.rows = matrix.data();
      values.stride = stride;
    }
    values.places = places;
    Head head = HeadOf(query);
    head.values = {stored ? size_t{0} : size_t{16}, 16};
    Attention attention(stored_.store.Snapshot(), GetParam(), {head}, members, values, 0, nullptr);
    const Answer answer = RunPass(&attention, 2);
    double most = -1e300;
    for (const uint32_t slot : *members) {
      most = std::max(most, LogitOf(GetParam(), stored_.vectors[slot], query));
    }
    double sum = 0;
    std::vector<double> output(16);
    for (size_t i = 0; i < members->size(); ++i) {
      const double weight =
          std::exp(LogitOf(GetParam(), stored_.vectors[(*members)[i]], query) - most);
      sum += weight;
      for (size_t j = 0; j < 16; ++j) {
        output[j] +=
            weight * (stored ? others.vectors[places[i]][j] : matrix[places[i] * stride + 16 + j]);
      }
    }
    for (size_t j = 0; j < 16; ++j) EXPECT_NEAR(answer.outputs[j], output[j] / sum, 1e-9);
  }
}

TEST_P(AttentionTest, StopsWhenToldTo) {
  const std::atomic<int32_t> flag{kAbort};
  Attention attention(stored_.store.Snapshot(), GetParam(), {HeadOf(stored_.vectors[0])}, nullptr,
                      {}, 3, &flag);
  EXPECT_EQ(RunPass(&attention, 2).status.code(), Status::Code::kAborted);
}

INSTANTIATE_TEST_SUITE_P(Affinities, AttentionTest, testing::ValuesIn(kWeightings));

}  // namespace
}  // namespace skalar
