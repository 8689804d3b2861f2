// The tile kernels of every available target against one chain of scalar operations a result, bit
// for bit. Buffers are exactly as long as the contract demands.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "simd/kernels.h"
#include "targets.h"

namespace skalar::simd {
namespace {

template <class Element>
const TileKernels<Element>& TilesOf(const Kernels& kernels) {
  if constexpr (std::is_same_v<Element, float>) return kernels.floats;
  if constexpr (std::is_same_v<Element, double>) return kernels.doubles;
}

template <class Element>
std::vector<Element> Draw(std::mt19937& engine, size_t count) {
  std::vector<Element> values(count);
  std::uniform_real_distribution<Element> uniform(-1, 1);
  for (Element& value : values) {
    const int exponent = static_cast<int>(engine() % 40) - 20;
    value = engine() % 16 == 0 ? Element{0} : std::ldexp(uniform(engine), exponent);
  }
  return values;
}

// Names of kernels, for messages, with what they do to one result.
template <class Element>
struct Reference {
  const char* name;
  typename TileKernels<Element>::Kernel TileKernels<Element>::*kernel;
  Element (*step)(Element a, Element b, Element sum);
  Element (*join)(Element before, Element chain);
};

template <class Element>
const Reference<Element> kReferences[] = {
    {"products", &TileKernels<Element>::products,
     [](Element a, Element b, Element sum) { return std::fma(a, b, sum); },
     [](Element before, Element chain) { return before + chain; }},
    {"squares", &TileKernels<Element>::squares,
     [](Element a, Element b, Element sum) {
       const Element difference = a - b;
       return std::fma(difference, difference, sum);
     },
     [](Element before, Element chain) { return before + chain; }},
    {"absolutes", &TileKernels<Element>::absolutes,
     [](Element a, Element b, Element sum) { return sum + std::fabs(a - b); },
     [](Element before, Element chain) { return before + chain; }},
    {"largest", &TileKernels<Element>::largest,
     [](Element a, Element b, Element most) { return std::max(most, std::fabs(a - b)); },
     [](Element before, Element chain) { return std::max(before, chain); }},
};

template <class Element>
void CheckTiles(const TileKernels<Element>& tiles) {
  std::mt19937 engine(7);
  ASSERT_GE(tiles.left_stride, tiles.rows);
  for (const size_t depth : {0, 1, 2, 7, 128}) {
    const auto left = Draw<Element>(engine, depth * tiles.left_stride);
    const auto right = Draw<Element>(engine, depth * tiles.columns);
    for (const Reference<Element>& reference : kReferences<Element>) {
      for (const size_t stride : {tiles.columns, tiles.columns + 5}) {
        SCOPED_TRACE(std::string(reference.name) + ", depth " + std::to_string(depth));
        const auto before = Draw<Element>(engine, (tiles.rows - 1) * stride + tiles.columns);
        auto out = before;
        (tiles.*reference.kernel)(left.data(), right.data(), depth, out.data(), stride);
        auto expected = before;
        for (size_t i = 0; i < tiles.rows; ++i) {
          for (size_t j = 0; j < tiles.columns; ++j) {
            Element chain = 0;
            for (size_t k = 0; k < depth; ++k) {
              chain = reference.step(left[k * tiles.left_stride + i], right[k * tiles.columns + j],
                                     chain);
            }
            Element& at = expected[i * stride + j];
            at = reference.join(at, chain);
          }
        }
        ASSERT_EQ(out, expected);
      }
    }
  }
}

struct WideningReference {
  WideningKernels::Kernel WideningKernels::Sums::*kernel;
  const Reference<double>& reference;
};

// The kernels of `rows` vectors and `columns` of the panel, from `first` on.
void CheckWidening(const WideningKernels& kernels, const WideningKernels::Sums& sums, size_t rows,
                   size_t left_stride, size_t first, size_t columns) {
  const WideningReference all[] = {
      {&WideningKernels::Sums::products, kReferences<double>[0]},
      {&WideningKernels::Sums::squares, kReferences<double>[1]},
      {&WideningKernels::Sums::absolutes, kReferences<double>[2]},
  };
  std::mt19937 engine(9);
  for (const size_t depth : {0, 1, 2, 7, 128}) {
    const auto left = Draw<double>(engine, depth * left_stride);
    const auto right = Draw<float>(engine, depth * kernels.width);
    for (const auto& [kernel, reference] : all) {
      SCOPED_TRACE(std::string(reference.name) + ", depth " + std::to_string(depth));
      const size_t stride = columns + 5;
      const auto before = Draw<double>(engine, (rows - 1) * stride + columns);
      auto out = before;
      (sums.*kernel)(left.data(), right.data() + (depth == 0 ? 0 : first), depth, out.data(),
                     stride);
      auto expected = before;
      for (size_t i = 0; i < rows; ++i) {
        for (size_t j = 0; j < columns; ++j) {
          double chain = 0;
          for (size_t k = 0; k < depth; ++k) {
            const double b = right[k * kernels.width + first + j];
            chain = reference.step(left[k * left_stride + i], b, chain);
          }
          double& at = expected[i * stride + j];
          at = reference.join(at, chain);
        }
      }
      ASSERT_EQ(out, expected);
    }
  }
}

template <class Element>
void CheckOwnProducts(const TileKernels<Element>& tiles) {
  std::mt19937 engine(8);
  for (const size_t stride : {tiles.left_stride, tiles.columns}) {
    for (const size_t depth : {0, 1, 3, 128}) {
      const auto panel = Draw<Element>(engine, depth * stride);
      const auto before = Draw<Element>(engine, stride);
      auto out = before;
      tiles.own_products(panel.data(), stride, depth, out.data());
      for (size_t i = 0; i < stride; ++i) {
        Element chain = 0;
        for (size_t k = 0; k < depth; ++k) {
          chain = std::fma(panel[k * stride + i], panel[k * stride + i], chain);
        }
        ASSERT_EQ(out[i], before[i] + chain) << i << " of " << stride << ", depth " << depth;
      }
    }
  }
}

class SimdTilesKernelsTest : public testing::TestWithParam<const Kernels*> {};

TEST_P(SimdTilesKernelsTest, OfFloatsAreChainsOfOperations) {
  CheckTiles(TilesOf<float>(*GetParam()));
}

TEST_P(SimdTilesKernelsTest, OfDoublesAreChainsOfOperations) {
  CheckTiles(TilesOf<double>(*GetParam()));
}

TEST_P(SimdTilesKernelsTest, ThatWidenAreChainsOfOperationsOnDoubles) {
  const WideningKernels& kernels = GetParam()->widening;
  ASSERT_EQ(kernels.width % kernels.columns, 0u);
  CheckWidening(kernels, kernels.row, 1, 1, 0, kernels.width);
  for (size_t first = 0; first < kernels.width; first += kernels.columns) {
    CheckWidening(kernels, kernels.tile, kernels.rows, kernels.left_stride, first, kernels.columns);
  }
}

TEST_P(SimdTilesKernelsTest, OwnProductsAreThoseOfEqualVectors) {
  CheckOwnProducts(TilesOf<float>(*GetParam()));
  CheckOwnProducts(TilesOf<double>(*GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Targets, SimdTilesKernelsTest, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace skalar::simd
