#include "score/precision.h"

#include <algorithm>
#include <cmath>

#include "base/crc32c.h"
#include "score/similarities.h"

namespace skalar {
namespace {

// z becomes S z, times a power of two that takes its largest component near 1, so that squares
// neither overflow nor underflow. Returns the power that takes it back; 0 of a zero vector. Nothing
// is lost on the way: components of differences of float32 have exponents of at most 150 either
// way, those of S of at most 540.
double ScaleDown(const std::vector<double>& diagonal, double* z) {
  double largest = 0;
  for (size_t i = 0; i < diagonal.size(); ++i) {
    z[i] *= diagonal[i];
    largest = std::max(largest, std::abs(z[i]));
  }
  if (largest == 0) return 0;
  const int exponent = std::isfinite(largest) ? std::ilogb(largest) : 0;
  const double down = std::ldexp(1.0, -exponent);
  for (size_t i = 0; i < diagonal.size(); ++i) z[i] *= down;
  return std::ldexp(1.0, exponent);
}

uint32_t Digest(const double* matrix, const int32_t* exponents, size_t size) {
  const uint32_t units =
      Crc32c(reinterpret_cast<const uint8_t*>(exponents), size * sizeof(int32_t));
  return Crc32c(reinterpret_cast<const uint8_t*>(matrix), size * size * sizeof(double), units);
}

// The sum of the terms of zᵀ C z is that of its lower triangle, with those off the diagonal twice.
void MakeTriangle(size_t size, double* matrix) {
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < i; ++j) matrix[i * size + j] *= 2;
    std::fill(matrix + i * size + i + 1, matrix + (i + 1) * size, 0.0);
  }
}

}  // namespace

Precision::Precision(const double* matrix, const double* factor, const int32_t* exponents,
                     size_t size)
    : exponents_(exponents, exponents + size),
      digest_(Digest(matrix, exponents, size)),
      diagonal_(size),
      matrix_elements_(matrix, matrix + size * size),
      factor_elements_(factor, factor + size * size) {
  for (size_t i = 0; i < size; ++i) diagonal_[i] = std::ldexp(1.0, exponents[i]);
}

void Precision::Pack() const {
  std::call_once(packed_, [this] {
    factor_.emplace(factor_elements_.data(), size(), true);
    std::vector<double> triangle = matrix_elements_;
    MakeTriangle(size(), triangle.data());
    triangle_.emplace(triangle.data(), size(), true);
    std::vector<double>().swap(matrix_elements_);
    std::vector<double>().swap(factor_elements_);
  });
}

void Precision::Exact(const float* query, const float* const* rows, const double* scales,
                      size_t count, double* scores) const {
  Pack();
  const size_t n = size();
  std::vector<double> apart(count * n);
  std::vector<double> powers(count);
  for (size_t i = 0; i < count; ++i) {
    double* z = apart.data() + i * n;
    for (size_t k = 0; k < n; ++k) z[k] = scales[i] * rows[i][k] - query[k];
    powers[i] = ScaleDown(diagonal_, z);
  }
  std::vector<double> products;
  triangle_->Multiply(apart.data(), count, &products);
  std::vector<double> image;
  for (size_t i = 0; i < count; ++i) {
    const double* z = apart.data() + i * n;
    double square = SumOfProducts(z, products.data() + i * triangle_->stride(), n);
    // Where its terms cancel to nothing, the sum of squares that it is, too, is not below 0.
    if (square <= 0) {
      factor_->Multiply(z, 1, &image);
      square = SumOfProducts(image.data(), image.data(), n);
    }
    scores[i] = std::sqrt(square) * powers[i];
  }
}

double Precision::ScoreError(size_t size) {
  const size_t product = kDepth + size / kDepth + 1;
  return static_cast<double>(product + size / kLanes + kLanes + 6) * 0x1p-53;
}

void Precision::Whiten(const double* vectors, size_t count, std::vector<double>* images) const {
  Pack();
  factor_->Multiply(vectors, count, images);
}

size_t Precision::image_stride() const {
  Pack();
  return factor_->stride();
}

double Precision::SumOfProducts(const double* a, const double* b, size_t count) {
  double sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t j = 0; j < kLanes; ++j) sums[j] += a[i + j] * b[i + j];
  }
  for (size_t j = 0; i < count; ++i, ++j) sums[j] += a[i] * b[i];
  for (size_t j = 1; j < kLanes; ++j) sums[0] += sums[j];
  return sums[0];
}

}  // namespace skalar
