// The kernels for integers of every available target, which are exact. Buffers are exactly as long
// as the contract demands, so that the address sanitizer notices what is beyond them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "rows.h"
#include "simd/kernels.h"
#include "targets.h"

namespace skalar::simd {
namespace {

constexpr size_t kLongest = 1104;

class SimdIntegerKernelsTest : public testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& kernels_ = *GetParam();
};

INSTANTIATE_TEST_SUITE_P(Targets, SimdIntegerKernelsTest, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(info.param->name); });

// Integers have no rounding: all lengths, extreme values, and lists of any length give exactly the
// sum.
TEST_P(SimdIntegerKernelsTest, DotOfPlanesIsExact) {
  Random random(8);
  constexpr size_t kMostPlanes = 40;
  for (size_t n = kPlaneLanes; n <= kLongest + kPlaneLanes; n += kPlaneLanes) {
    for (const bool extreme : {false, true}) {
      std::vector<int8_t> query(n);
      for (int8_t& value : query) {
        value = static_cast<int8_t>(extreme ? (random.Below(2) ? 127 : -127)
                                            : static_cast<int>(random.Below(255)) - 127);
      }
      // Every way to be left over of four.
      for (size_t count = 0; count < kMostPlanes; ++count) {
        std::vector<std::vector<uint8_t>> rows(count, std::vector<uint8_t>(n / 2));
        std::vector<const uint8_t*> planes;
        std::vector<int32_t> expected;
        for (std::vector<uint8_t>& row : rows) {
          int32_t sum = 0;
          for (size_t i = 0; i < n; ++i) {
            const uint32_t component = extreme ? 15 : random.Below(16);
            const size_t line = i / kPlaneLanes;
            const size_t j = i % kPlaneLanes;
            row[line * 64 + j % 64] |= static_cast<uint8_t>(component << (j < 64 ? 0 : 4));
            sum += static_cast<int32_t>(component) * query[i];
          }
          planes.push_back(row.data());
          expected.push_back(sum);
        }
        std::vector<int32_t> products(count);
        kernels_.dot_planes(query.data(), planes.data(), count, n, products.data());
        ASSERT_EQ(products, expected) << "n = " << n << ", " << count << " planes";
        std::vector<uint8_t> together;
        for (const std::vector<uint8_t>& row : rows) {
          together.insert(together.end(), row.begin(), row.end());
        }
        std::fill(products.begin(), products.end(), 0);
        kernels_.dot_plane_rows(query.data(), together.data(), count, n, products.data());
        ASSERT_EQ(products, expected) << "n = " << n << ", " << count << " planes";
      }
    }
  }
}

// Lists of any length up to some lines, with keys that are equal in what the bound looks at, and
// all places: where each key goes, and nothing else moves.
TEST_P(SimdIntegerKernelsTest, InsertsBehindKeysThatAreAtLeastTheBound) {
  Random random(9);
  constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
  for (int round = 0; round < 200; ++round) {
    const size_t most = random.Below(6 * kLineKeys);
    const int64_t values = 1 + random.Below(2 * static_cast<uint32_t>(most) + 1);
    std::vector<int64_t> keys((most / kLineKeys + 1) * kLineKeys, kLowest);
    std::vector<int64_t> expected;
    for (size_t i = 0; i < most; ++i) {
      const int64_t bound =
          (static_cast<int64_t>(random.Below(static_cast<uint32_t>(values))) - values / 2) *
          (int64_t{1} << 32);
      const int64_t key = bound + random.Below(1u << 31);
      const auto behind = std::find_if(expected.begin(), expected.end(),
                                       [bound](int64_t other) { return other < bound; });
      const auto place = static_cast<size_t>(behind - expected.begin());
      expected.insert(behind, key);
      ASSERT_EQ(kernels_.insert(keys.data(), i, bound, key), place);
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), keys.begin()));
      for (size_t j = expected.size(); j < keys.size(); ++j) ASSERT_EQ(keys[j], kLowest);
    }
  }
}

// A full list: the last key falls out, or stays behind where its line has room.
TEST_P(SimdIntegerKernelsTest, InsertsIntoAFullList) {
  for (size_t count = 1; count < 4 * kLineKeys; ++count) {
    std::vector<int64_t> keys((count / kLineKeys + 1) * kLineKeys, -1);
    std::fill_n(keys.begin(), count, 0);
    for (int64_t key = 1; key < 50; ++key) {
      ASSERT_EQ(kernels_.insert(keys.data(), count, key, key), 0u);
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(keys[i], std::max<int64_t>(0, key - static_cast<int64_t>(i)));
      }
    }
  }
}

}  // namespace
}  // namespace skalar::simd
