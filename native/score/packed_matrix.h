// A square matrix that many vectors are multiplied with, laid out once for the tile kernels
// (simd/tiles.h).
//
// Numbers are summed up in blocks of kDepth, and the sums of blocks in order, each product fused
// with its addition: so the error of a component is at most (kDepth + n / kDepth + 1) roundings of
// the sum of its absolute terms, and components agree bit for bit on every target and with any
// neighbours.
//
// Thread safety: immutable.

#ifndef SKALAR_SCORE_PACKED_MATRIX_H_
#define SKALAR_SCORE_PACKED_MATRIX_H_

#include <cstddef>
#include <vector>

#include "base/aligned.h"
#include "simd/kernels.h"

namespace skalar {

class PackedMatrix {
 public:
  // `elements` are size × size, row by row. `lower` says that those above the diagonal are zero:
  // they are not multiplied with.
  PackedMatrix(const double* elements, size_t size, bool lower);

  // Makes row i of `products`, at i · stride(), the product of row i of `vectors` (count × size)
  // and the matrix. `products` is made as long as it takes.
  void Multiply(const double* vectors, size_t count, std::vector<double>* products) const;

  // From one row of products to the next; at least `size`.
  size_t stride() const { return stride_; }
  size_t memory() const { return stride_ * size_ * sizeof(double); }

 private:
  const simd::TileKernels<double>& tiles_;
  const size_t size_;
  const size_t stride_;
  const bool lower_;
  // For each block of kDepth rows of the matrix a panel for each tile of columns.
  AlignedArray<double> panels_;
};

}  // namespace skalar

#endif  // SKALAR_SCORE_PACKED_MATRIX_H_
