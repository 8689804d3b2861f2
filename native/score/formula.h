// What is computed of each pair of vectors, in two steps: a number that a tile kernel sums up, and
// what a formula makes of it. Names and parameters are those of src/similarity/.

#ifndef SKALAR_SCORE_FORMULA_H_
#define SKALAR_SCORE_FORMULA_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "simd/tiles.h"

namespace skalar {

// Never to change: the numbers of src/native.ts.
enum class Measure : uint32_t {
  kDot = 0,
  kCosine = 1,
  kPolynomial = 2,
  kSigmoid = 3,
  kEuclidean = 4,
  kRbf = 5,
  kManhattan = 6,
  kLaplacian = 7,
  kChebyshev = 8,
};
inline constexpr uint32_t kMeasures = 9;

struct Formula {
  Measure measure;
  double gamma = 1;
  double coef0 = 0;
  double degree = 1;
};

// Whether it is computed of dot products. Vectors are scaled to a length near 1 then, each by a
// power of two of its own; else all by the same one, to components below 4.
inline bool IsOfProducts(Measure measure) { return measure < Measure::kEuclidean; }

// The kernel that sums up.
template <class Element>
typename simd::TileKernels<Element>::Kernel KernelOf(Measure measure,
                                                     const simd::TileKernels<Element>& tiles) {
  switch (measure) {
    case Measure::kDot:
    case Measure::kCosine:
    case Measure::kPolynomial:
    case Measure::kSigmoid:
      return tiles.products;
    case Measure::kEuclidean:
    case Measure::kRbf:
      return tiles.squares;
    case Measure::kManhattan:
    case Measure::kLaplacian:
      return tiles.absolutes;
    case Measure::kChebyshev:
      return tiles.largest;
  }
  return nullptr;
}

// How results depend on one vector: it is `scale` times what was summed up; of the cosine also the
// squared length of that, with its rounding errors, and 1 / its root.
struct Factor {
  double scale = 1;
  double square = 1;
  double inverse = 1;
};

// The factor of a vector of the cosine.
inline Factor DirectedFactor(double scale, double square) {
  return {scale, square, 1 / std::sqrt(square)};
}

// results[j] = what the formula makes of sums[j], for the pair of one left vector and right vector
// j. In float64; the result is rounded once. Beyond the range of Element it is infinite.
template <class Element>
void Apply(const Formula& formula, const Factor& left, const Factor* right, const Element* sums,
           size_t count, Element* results) {
  const auto each = [&](auto result) {
    for (size_t j = 0; j < count; ++j) {
      results[j] = static_cast<Element>(result(static_cast<double>(sums[j]), right[j]));
    }
  };
  const double scale = left.scale;
  // A dot product, or gamma times it: the lesser scale first, so that nothing overflows on the way.
  const auto scaled = [scale](double value, const Factor& other) {
    return value * std::min(scale, other.scale) * std::max(scale, other.scale);
  };
  const auto affine = [&](double sum, const Factor& other) {
    return scaled(formula.gamma * sum, other) + formula.coef0;
  };
  switch (formula.measure) {
    case Measure::kDot:
      return each(scaled);
    case Measure::kCosine:
      if constexpr (sizeof(Element) == sizeof(float)) {
        // Equal vectors have exactly 1: in float64 this is so near it that it is rounded to that.
        return each([inverse = left.inverse](double sum, const Factor& other) {
          return std::clamp(sum * inverse * other.inverse, -1.0, 1.0);
        });
      } else {
        // Here since the root of a square is what was squared.
        return each([square = left.square](double sum, const Factor& other) {
          return std::clamp(sum / std::sqrt(square * other.square), -1.0, 1.0);
        });
      }
    case Measure::kPolynomial:
      return each([&](double sum, const Factor& other) {
        return std::pow(affine(sum, other), formula.degree);
      });
    case Measure::kSigmoid:
      return each([&](double sum, const Factor& other) { return std::tanh(affine(sum, other)); });
    case Measure::kEuclidean:
      return each([scale](double sum, const Factor&) { return std::sqrt(sum) * scale; });
    case Measure::kRbf:
      return each([&](double sum, const Factor&) {
        return std::exp(-(formula.gamma * scale * sum * scale));
      });
    case Measure::kLaplacian:
      return each(
          [&](double sum, const Factor&) { return std::exp(-(formula.gamma * scale * sum)); });
    case Measure::kManhattan:
    case Measure::kChebyshev:
      return each([scale](double sum, const Factor&) { return sum * scale; });
  }
}

}  // namespace skalar

#endif  // SKALAR_SCORE_FORMULA_H_
