#include "store/row.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "simd/kernels.h"

namespace skalar {

size_t PaddedDimension(size_t dimension) {
  return (dimension + simd::kLanes - 1) / simd::kLanes * simd::kLanes;
}

double Norm(const float* padded, size_t padded_dimension) {
  double square;
  simd::Active().dot_exact(padded, &padded, 1, padded_dimension, &square);
  return std::sqrt(square);
}

size_t FirstBadVector(const float* vectors, size_t count, size_t dimension, bool refuse_zero) {
  // The bits of a magnitude grow with it, and no finite one has all bits of the exponent.
  constexpr int32_t kMagnitude = 0x7fffffff;
  constexpr int32_t kInfinity = 0x7f800000;
  for (size_t i = 0; i < count; ++i) {
    int32_t largest = 0;
    for (size_t j = 0; j < dimension; ++j) {
      const auto bits = std::bit_cast<int32_t>(vectors[i * dimension + j]);
      largest = std::max(largest, bits & kMagnitude);
    }
    if (largest >= kInfinity || (refuse_zero && largest == 0)) return i;
  }
  return count;
}

size_t NormalizeRows(uint8_t* rows, size_t count, size_t dimension, bool refuse_zero) {
  const size_t padded = PaddedDimension(dimension);
  std::vector<float> vector(padded, 0.0f);
  for (size_t i = 0; i < count; ++i) {
    uint8_t* row = rows + i * RowBytes(dimension);
    std::memcpy(vector.data(), row + kRowHeaderBytes, 4 * dimension);
    // Squares of float32 are finite in float64, so the norm is finite exactly when all components
    // are.
    const double norm = Norm(vector.data(), padded);
    if (!std::isfinite(norm) || (refuse_zero && norm == 0)) return i;
    if (norm > 0) {
      for (size_t j = 0; j < dimension; ++j) vector[j] = static_cast<float>(vector[j] / norm);
    }
    std::memcpy(row + offsetof(RowHeader, norm), &norm, sizeof norm);
    std::memcpy(row + kRowHeaderBytes, vector.data(), 4 * dimension);
  }
  return count;
}

}  // namespace skalar
