// Matrices of Mahalanobis distances.

#ifndef SKALAR_TEST_NATIVE_MATRICES_H_
#define SKALAR_TEST_NATIVE_MATRICES_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "rows.h"
#include "score/precision.h"

namespace skalar {

using Doubles = std::vector<double>;

// C and L of a random matrix C = L Lᵀ with ones on its diagonal; the smaller `pivot`, the nearer
// singular.
struct Parts {
  Doubles matrix;
  Doubles factor;
  std::vector<int32_t> exponents;
};

inline Parts RandomParts(Random& random, size_t n, double pivot, int range) {
  Parts parts{Doubles(n * n), Doubles(n * n), std::vector<int32_t>(n)};
  for (size_t i = 0; i < n; ++i) {
    double square = 0;
    for (size_t j = 0; j < i; ++j) {
      parts.factor[i * n + j] = random.Uniform();
      square += parts.factor[i * n + j] * parts.factor[i * n + j];
    }
    const double rest = square > 0 ? std::sqrt((1 - pivot * pivot) / square) : 0;
    for (size_t j = 0; j < i; ++j) parts.factor[i * n + j] *= rest;
    parts.factor[i * n + i] = i == 0 ? 1 : pivot;
    parts.exponents[i] = static_cast<int32_t>(std::lround(random.Uniform() * range));
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (size_t k = 0; k < n; ++k) sum += parts.factor[i * n + k] * parts.factor[j * n + k];
      parts.matrix[i * n + j] = sum;
    }
  }
  return parts;
}

inline std::shared_ptr<const Precision> PrecisionOf(const Parts& parts) {
  return std::make_shared<const Precision>(parts.matrix.data(), parts.factor.data(),
                                           parts.exponents.data(), parts.exponents.size());
}

}  // namespace skalar

#endif  // SKALAR_TEST_NATIVE_MATRICES_H_
