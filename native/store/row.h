// The vector row: how one version of one vector stands in LMDB and crosses into native code.
//
//   offset  size  field
//   0       4     ordinal of the record, u32
//   4       4     reserved, zero
//   8       8     norm |x|, f64
//   16      4·d   unit vector x̂ = x / |x|, f32 × dimension (zeros when |x| = 0)
//
// Little-endian, as every platform we build for. Never to change: rows are on disk
// (docs/format.md).

#ifndef SKALAR_STORE_ROW_H_
#define SKALAR_STORE_ROW_H_

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace skalar {

inline constexpr size_t kRowHeaderBytes = 16;

inline constexpr size_t RowBytes(size_t dimension) { return kRowHeaderBytes + 4 * dimension; }

struct RowHeader {
  uint32_t ordinal;
  uint32_t reserved;
  double norm;
};
static_assert(sizeof(RowHeader) == kRowHeaderBytes);

// Length of a vector once padded with zeros to whole kernel lanes.
size_t PaddedDimension(size_t dimension);

// The Euclidean norm of a padded vector, in float64.
double Norm(const float* padded, size_t padded_dimension);

// The first of `count` vectors, one behind the other, that has a component that is not finite (or,
// where `refuse_zero`, no direction); `count` when all are good.
size_t FirstBadVector(const float* vectors, size_t count, size_t dimension, bool refuse_zero);

// Turns `count` rows that carry raw vectors into rows that carry unit vectors and norms, in place.
// Stops at the first row that has a component that is not finite (or, where `refuse_zero`, no
// direction) and returns its index; `count` when all are good. Rows need no alignment.
size_t NormalizeRows(uint8_t* rows, size_t count, size_t dimension, bool refuse_zero);

}  // namespace skalar

#endif  // SKALAR_STORE_ROW_H_
