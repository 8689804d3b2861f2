// The kernels of tiles.h, written once over a target's registers. Included as kernels-inl.h is, and
// for the same reasons.
//
// A tile type V has the types Element and Vector (kLanes elements), the constants kRows,
// kLeftStride and kVectors (columns are kVectors vectors; kLeftStride is whole vectors too), and
// the static functions
//   Vector Zero(), Load(const Element*), Broadcast(const Element*)
//   void   Store(Element*, Vector)
//   Vector MulAdd(a, b, sum) fused, Add(a, b), Sub(a, b), Abs(a), Max(a, b)

#ifndef SKALAR_SIMD_TILES_INL_H_
#define SKALAR_SIMD_TILES_INL_H_

#include "simd/tiles.h"

// Results stay in registers only where loops over them are unrolled entirely.
#if defined(__clang__)
#define SKALAR_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define SKALAR_UNROLL _Pragma("GCC unroll 32")
#else
#define SKALAR_UNROLL
#endif

namespace skalar::simd {
namespace {

template <class V>
struct Products {
  using Vector = typename V::Vector;
  static inline Vector Step(Vector a, Vector b, Vector sum) { return V::MulAdd(a, b, sum); }
  static inline Vector Join(Vector a, Vector b) { return V::Add(a, b); }
};

template <class V>
struct Squares {
  using Vector = typename V::Vector;
  static inline Vector Step(Vector a, Vector b, Vector sum) {
    const Vector difference = V::Sub(a, b);
    return V::MulAdd(difference, difference, sum);
  }
  static inline Vector Join(Vector a, Vector b) { return V::Add(a, b); }
};

template <class V>
struct Absolutes {
  using Vector = typename V::Vector;
  static inline Vector Step(Vector a, Vector b, Vector sum) {
    return V::Add(sum, V::Abs(V::Sub(a, b)));
  }
  static inline Vector Join(Vector a, Vector b) { return V::Add(a, b); }
};

template <class V>
struct Largest {
  using Vector = typename V::Vector;
  static inline Vector Step(Vector a, Vector b, Vector most) {
    return V::Max(most, V::Abs(V::Sub(a, b)));
  }
  static inline Vector Join(Vector a, Vector b) { return V::Max(a, b); }
};

template <class V, class Operation>
void Tile(const typename V::Element* left, const typename V::Element* right, size_t depth,
          typename V::Element* out, size_t stride) {
  using Vector = typename V::Vector;
  Vector sums[V::kRows][V::kVectors];
  SKALAR_UNROLL
  for (size_t i = 0; i < V::kRows; ++i) {
    SKALAR_UNROLL
    for (size_t v = 0; v < V::kVectors; ++v) sums[i][v] = V::Zero();
  }
  for (size_t k = 0; k < depth; ++k) {
    Vector columns[V::kVectors];
    SKALAR_UNROLL
    for (size_t v = 0; v < V::kVectors; ++v) columns[v] = V::Load(right + v * V::kLanes);
    SKALAR_UNROLL
    for (size_t i = 0; i < V::kRows; ++i) {
      const Vector row = V::Broadcast(left + i);
      SKALAR_UNROLL
      for (size_t v = 0; v < V::kVectors; ++v) {
        sums[i][v] = Operation::Step(row, columns[v], sums[i][v]);
      }
    }
    left += V::kLeftStride;
    right += V::kVectors * V::kLanes;
  }
  SKALAR_UNROLL
  for (size_t i = 0; i < V::kRows; ++i) {
    SKALAR_UNROLL
    for (size_t v = 0; v < V::kVectors; ++v) {
      typename V::Element* at = out + i * stride + v * V::kLanes;
      V::Store(at, Operation::Join(V::Load(at), sums[i][v]));
    }
  }
}

template <class V>
void OwnProducts(const typename V::Element* panel, size_t stride, size_t depth,
                 typename V::Element* out) {
  for (size_t i = 0; i < stride; i += V::kLanes) {
    typename V::Vector sum = V::Zero();
    for (size_t k = 0; k < depth; ++k) {
      const typename V::Vector own = V::Load(panel + k * stride + i);
      sum = V::MulAdd(own, own, sum);
    }
    V::Store(out + i, V::Add(V::Load(out + i), sum));
  }
}

template <class V>
constexpr TileKernels<typename V::Element> MakeTiles() {
  return {V::kRows,
          V::kLeftStride,
          V::kVectors * V::kLanes,
          &Tile<V, Products<V>>,
          &Tile<V, Squares<V>>,
          &Tile<V, Absolutes<V>>,
          &Tile<V, Largest<V>>,
          &OwnProducts<V>};
}

}  // namespace
}  // namespace skalar::simd

#undef SKALAR_UNROLL

#endif  // SKALAR_SIMD_TILES_INL_H_
