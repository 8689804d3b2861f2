#include "store/row.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/crc32c.h"
#include "simd/kernels.h"

namespace skalar {
namespace {

constexpr size_t kCrcOffset = offsetof(RowHeader, crc);
constexpr size_t kBehindCrc = kCrcOffset + sizeof(uint32_t);

uint32_t ChecksumOf(const uint8_t* row, size_t bytes) {
  return Crc32c(row + kBehindCrc, bytes - kBehindCrc, Crc32c(row, kCrcOffset));
}

}  // namespace

size_t PaddedDimension(size_t dimension) {
  return (dimension + simd::kLanes - 1) / simd::kLanes * simd::kLanes;
}

double SquaredNorm(const float* padded, size_t padded_dimension) {
  double square;
  simd::Active().dot_exact(padded, &padded, 1, padded_dimension, &square);
  return square;
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
    // Squares of float32 are finite in float64, and only that of 0 is 0: so the norm is finite
    // exactly when all components are, and a normal number.
    const double norm = std::sqrt(SquaredNorm(vector.data(), padded));
    if (!std::isfinite(norm) || (refuse_zero && norm == 0)) return i;
    if (norm > 0) {
      // As a float32 it might overflow.
      const double inverse = 1 / ScaleOf(norm);
      for (size_t j = 0; j < dimension; ++j) vector[j] = static_cast<float>(vector[j] * inverse);
    }
    std::memcpy(row + offsetof(RowHeader, norm), &norm, sizeof norm);
    std::memcpy(row + kRowHeaderBytes, vector.data(), 4 * dimension);
  }
  return count;
}

double ReadDirection(const uint8_t* row, size_t dimension, float* direction) {
  double norm;
  std::memcpy(&norm, row + offsetof(RowHeader, norm), sizeof norm);
  std::memcpy(direction, row + kRowHeaderBytes, 4 * dimension);
  const double inverse = 1 / ScaledNorm(norm);
  for (size_t i = 0; i < dimension; ++i) {
    direction[i] = static_cast<float>(direction[i] * inverse);
  }
  return norm;
}

void SealRow(uint8_t* row, size_t bytes) {
  const uint32_t crc = ChecksumOf(row, bytes);
  std::memcpy(row + kCrcOffset, &crc, sizeof crc);
}

bool IsIntact(const uint8_t* row, size_t bytes) {
  if (bytes < kBehindCrc) return false;
  uint32_t crc;
  std::memcpy(&crc, row + kCrcOffset, sizeof crc);
  return crc == ChecksumOf(row, bytes);
}

size_t FirstDamagedRow(const uint8_t* rows, size_t count, size_t bytes) {
  for (size_t i = 0; i < count; ++i) {
    if (!IsIntact(rows + i * bytes, bytes)) return i;
  }
  return count;
}

}  // namespace skalar
