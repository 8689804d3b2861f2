// Vectors as the tile kernels take them (simd/tiles.h): in panels, scaled by powers of two.

#ifndef SKALAR_SCORE_PANELS_H_
#define SKALAR_SCORE_PANELS_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace skalar {

// Row-major.
template <class Element>
struct Matrix {
  const Element* data;
  size_t rows;
  size_t columns;

  const Element* row(size_t i) const { return data + i * columns; }
};

// The index of the first row with an element that is not finite (or with none but zeros, where
// `refuse_zero`), or their number. Of the bits of elements, so that compilers make vectors of it:
// adding one to an exponent of ones carries into the sign.
template <class Element>
size_t FirstBadRow(const Matrix<Element>& matrix, bool refuse_zero) {
  using Bits = std::conditional_t<sizeof(Element) == sizeof(uint32_t), uint32_t, uint64_t>;
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  constexpr Bits kOne = Bits{1} << (std::numeric_limits<Element>::digits - 1);
  constexpr Bits kExponent = kSign - kOne;
  for (size_t i = 0; i < matrix.rows; ++i) {
    const Element* row = matrix.row(i);
    Bits carries = 0;
    Bits any = 0;
    for (size_t k = 0; k < matrix.columns; ++k) {
      Bits bits;
      std::memcpy(&bits, row + k, sizeof(bits));
      carries |= (bits & kExponent) + kOne;
      any |= bits;
    }
    if ((carries & kSign) != 0 || (refuse_zero && (any & ~kSign) == 0)) return i;
  }
  return matrix.rows;
}

template <class Element>
Element LargestOf(const Element* elements, size_t count) {
  Element largest = 0;
  for (size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(elements[i]));
  return largest;
}

// 2^e such that elements of at most `largest` times 2^-e are below 4. Within the exponents whose
// inverse is a normal number too; what is below them is small, but nothing that underflows.
template <class Element>
double ScaleOf(Element largest) {
  if (largest == 0) return 1;
  constexpr int kMost = std::numeric_limits<Element>::max_exponent - 2;
  return std::ldexp(1.0, std::clamp(std::ilogb(largest), -kMost, kMost));
}

// Writes elements [begin, begin + depth) of row `i`, times `factor`, into place `at` of a panel.
template <class Element>
void PackRow(const Matrix<Element>& matrix, size_t i, size_t begin, size_t depth, Element factor,
             size_t at, size_t stride, Element* panel) {
  const Element* from = matrix.row(i) + begin;
  for (size_t k = 0; k < depth; ++k) panel[k * stride + at] = from[k] * factor;
}

// Zeros in places [at, stride) of a panel.
template <class Element>
void PadPanel(size_t depth, size_t at, size_t stride, Element* panel) {
  for (size_t k = 0; k < depth; ++k)
    std::fill(panel + k * stride + at, panel + (k + 1) * stride, 0);
}

}  // namespace skalar

#endif  // SKALAR_SCORE_PANELS_H_
