// The matrix P of Mahalanobis distances √((x − q)ᵀ P (x − q)) (P. C. Mahalanobis, "On the
// generalised distance in statistics", 1936), and the distances themselves.
//
// P = S C S, where S is diagonal, of powers of two, and C has numbers in [1/4, 4] on its diagonal;
// C = L Lᵀ + E, Cholesky's factorization with its rounding errors. src/similarity/precision.ts
// makes these of P, and refuses what is not symmetric and positive definite.
//
// Thread safety: immutable to whoever uses it.

#ifndef SKALAR_SCORE_PRECISION_H_
#define SKALAR_SCORE_PRECISION_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "score/packed_matrix.h"

namespace skalar {

class Precision {
 public:
  // C and L are size × size, row by row; element i of the diagonal of S is 2^exponents[i].
  Precision(const double* matrix, const double* factor, const int32_t* exponents, size_t size);

  Precision(const Precision&) = delete;
  Precision& operator=(const Precision&) = delete;

  size_t size() const { return exponents_.size(); }
  const std::vector<int32_t>& exponents() const { return exponents_; }

  // scores[i] = the distance of a query and the vector scales[i] · rows[i]. The square of it is off
  // by at most ScoreError(size()) of the sum of the absolute values of its size² terms; between
  // equal vectors it is 0, and nothing overflows or underflows that matters. The same bits on every
  // CPU, and with any neighbours. A row that has a NaN gets that.
  void Exact(const float* query, const float* const* rows, const double* scales, size_t count,
             double* scores) const;

  // Relative to the sum of absolute terms. A difference of two components rounds once and stands in
  // a term twice; then come the roundings of a product with C, those of the sum of `size` products
  // in kLanes lanes, and that C is the mean of what was given and its transpose.
  static double ScoreError(size_t size);

  // y = zᵀ L of each of `count` vectors z; as PackedMatrix::Multiply.
  void Whiten(const double* vectors, size_t count, std::vector<double>* images) const;
  size_t image_stride() const;

  // CRC-32C of C and the exponents: matrices that differ have the same one hardly ever.
  uint32_t digest() const { return digest_; }

  size_t memory() const { return 2 * size() * size() * sizeof(double); }

  // In lanes, in a fixed order.
  static double SumOfProducts(const double* a, const double* b, size_t count);

 private:
  static constexpr size_t kLanes = 8;

  // Laid out at first use, which takes milliseconds: by a thread that may.
  void Pack() const;

  const std::vector<int32_t> exponents_;
  const uint32_t digest_;
  std::vector<double> diagonal_;  // of S; constant after construction
  mutable std::once_flag packed_;
  // What was given, until it is packed.
  mutable std::vector<double> matrix_elements_;
  mutable std::vector<double> factor_elements_;
  mutable std::optional<PackedMatrix> triangle_;
  mutable std::optional<PackedMatrix> factor_;
};

}  // namespace skalar

#endif  // SKALAR_SCORE_PRECISION_H_
