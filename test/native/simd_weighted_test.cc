// Sums of weighted rows by every available target, against a naive loop, to the last bit. Buffers
// are exactly as long as the contract demands.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "rows.h"
#include "simd/kernels.h"
#include "targets.h"

namespace skalar::simd {
namespace {

class SimdWeightedKernelsTest : public testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& kernels_ = *GetParam();
};

INSTANTIATE_TEST_SUITE_P(Targets, SimdWeightedKernelsTest, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST_P(SimdWeightedKernelsTest, RowsAreAddedInTheirOrder) {
  Random random(12);
  constexpr size_t kMostRows = 9;
  for (size_t n = 0; n <= 20 * kLanes; n += kLanes) {
    for (size_t count = 0; count <= kMostRows; ++count) {
      std::vector<Floats> rows;
      std::vector<const float*> pointers;
      std::vector<double> weights;
      std::vector<double> sums(n);
      for (double& sum : sums) sum = random.Uniform();
      std::vector<double> expected = sums;
      for (size_t i = 0; i < count; ++i) {
        // Weights whose products round, and rows far apart.
        rows.push_back(random.Vector(n, i % 2 == 0 ? 1e-20f : 1e20f));
        weights.push_back(random.Uniform() / 3.0);
        for (size_t j = 0; j < n; ++j) expected[j] = std::fma(weights[i], rows[i][j], expected[j]);
      }
      for (const Floats& row : rows) pointers.push_back(row.data());
      kernels_.add_weighted(pointers.data(), weights.data(), count, n, sums.data());
      for (size_t j = 0; j < n; ++j) ASSERT_EQ(Bits(sums[j]), Bits(expected[j]));
    }
  }
}

}  // namespace
}  // namespace skalar::simd
