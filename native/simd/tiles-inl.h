// The kernels of tiles.h, written once over a target's registers. Included as kernels-inl.h is, and
// for the same reasons.
//
// A tile type V has the types Element and Vector (kLanes elements), the constants kRows,
// kLeftStride and kVectors (columns are kVectors vectors; kLeftStride is whole vectors too), and
// the static functions
//   Vector Zero(), Load(const Element*), Broadcast(const Element*)
//   Vector Load(const float*) widened, of doubles
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

// Of kRows left vectors and kVectors vectors of right ones; from one number of these to the next it
// is kLeftStride and kRightStride elements.
template <class V, class Operation, class Right, size_t kRows, size_t kLeftStride, size_t kVectors,
          size_t kRightStride>
void Tile(const typename V::Element* left, const Right* right, size_t depth,
          typename V::Element* out, size_t stride) {
  using Vector = typename V::Vector;
  Vector sums[kRows][kVectors];
  SKALAR_UNROLL
  for (size_t i = 0; i < kRows; ++i) {
    SKALAR_UNROLL
    for (size_t v = 0; v < kVectors; ++v) sums[i][v] = V::Zero();
  }
  for (size_t k = 0; k < depth; ++k) {
    Vector columns[kVectors];
    SKALAR_UNROLL
    for (size_t v = 0; v < kVectors; ++v) columns[v] = V::Load(right + v * V::kLanes);
    SKALAR_UNROLL
    for (size_t i = 0; i < kRows; ++i) {
      const Vector row = V::Broadcast(left + i);
      SKALAR_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        sums[i][v] = Operation::Step(row, columns[v], sums[i][v]);
      }
    }
    left += kLeftStride;
    right += kRightStride;
  }
  SKALAR_UNROLL
  for (size_t i = 0; i < kRows; ++i) {
    SKALAR_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
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

template <class V, class Operation>
inline constexpr auto kSquareTile = &Tile<V, Operation, typename V::Element, V::kRows,
                                          V::kLeftStride, V::kVectors, V::kVectors * V::kLanes>;

template <class V>
constexpr TileKernels<typename V::Element> MakeTiles() {
  return {V::kRows,
          V::kLeftStride,
          V::kVectors * V::kLanes,
          kSquareTile<V, Products<V>>,
          kSquareTile<V, Squares<V>>,
          kSquareTile<V, Absolutes<V>>,
          kSquareTile<V, Largest<V>>,
          &OwnProducts<V>};
}

// Registers of one row's results: 8 or more, whose additions take turns in two units of a latency
// of 4.
inline constexpr size_t kTilesAbreast = 4;

template <class V, size_t kRows, size_t kLeftStride, size_t kVectors>
constexpr WideningKernels::Sums MakeSums() {
  constexpr size_t kWidth = kTilesAbreast * V::kVectors * V::kLanes;
  return {&Tile<V, Products<V>, float, kRows, kLeftStride, kVectors, kWidth>,
          &Tile<V, Squares<V>, float, kRows, kLeftStride, kVectors, kWidth>,
          &Tile<V, Absolutes<V>, float, kRows, kLeftStride, kVectors, kWidth>};
}

template <class V>
constexpr WideningKernels MakeWidening() {
  return {V::kRows,
          V::kLeftStride,
          V::kVectors * V::kLanes,
          kTilesAbreast * V::kVectors * V::kLanes,
          MakeSums<V, V::kRows, V::kLeftStride, V::kVectors>(),
          MakeSums<V, 1, 1, kTilesAbreast * V::kVectors>()};
}

}  // namespace
}  // namespace skalar::simd

#undef SKALAR_UNROLL

#endif  // SKALAR_SIMD_TILES_INL_H_
