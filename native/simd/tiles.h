#ifndef SKALAR_SIMD_TILES_H_
#define SKALAR_SIMD_TILES_H_

#include <cstddef>

namespace skalar::simd {

// What is computed of every pair of two sets of vectors, `rows` × `columns` pairs at a time: as
// many results as fit the registers, so that each number that is loaded is used many times.
//
// Vectors come in panels, number k of each of them side by side: a left panel has that of vector i
// at [k * left_stride + i], a right one at [k * columns + j]. Panels are whole, padded with zeros.
//
// Each result is a chain of its own, in the order of k, and what is fused rounds once: so targets
// agree bit for bit, whatever their tiles, and a result does not depend on its neighbours. Chains
// of `depth` steps begin at 0 and are joined to what is in `out`.
template <class Element>
struct TileKernels {
  using Kernel = void (*)(const Element* left, const Element* right, size_t depth, Element* out,
                          size_t stride);

  size_t rows;
  size_t left_stride;  // at least rows
  size_t columns;

  // out[i * stride + j] += the sum of left * right, each product fused with its addition.
  Kernel products;
  // += the sum of (left - right)^2: the difference rounds, its square is fused with the addition.
  Kernel squares;
  // += the sum of |left - right|.
  Kernel absolutes;
  // = the largest of what was there and all |left - right|.
  Kernel largest;

  // out[i] += the sum of panel[k * stride + i]^2 for i < stride, where stride is left_stride or
  // columns: with the bits that `products` has for equal vectors.
  void (*own_products)(const Element* panel, size_t stride, size_t depth, Element* out);
};

// What is computed of vectors of float64, on the left, and many of float32, which are widened as
// they are loaded: half the bytes, where these are read for few of the others, or for one. Chains
// are those of TileKernels<double>, and so are the bits of results.
//
// Right panels are `width` wide, so that one vector alone has as many chains side by side as hide
// the latency of additions. Left panels are those of TileKernels.
struct WideningKernels {
  using Kernel = void (*)(const double* left, const float* right, size_t depth, double* out,
                          size_t stride);
  struct Sums {
    Kernel products;
    Kernel squares;
    Kernel absolutes;
  };

  size_t rows;
  size_t left_stride;
  size_t columns;
  size_t width;  // a multiple of columns

  // Of `rows` vectors with `columns` of a panel, of which `right` is the first.
  Sums tile;
  // Of one vector, number k of it at left[k], with a whole panel; `stride` does not matter.
  Sums row;
};

}  // namespace skalar::simd

#endif  // SKALAR_SIMD_TILES_H_
