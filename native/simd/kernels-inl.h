// The kernels, written once over a target's vectors of kLanes elements. A target file includes this
// after switching the compiler to its instruction set, hence:
//  - everything is in an anonymous namespace, so that code for a wider instruction set can never be
//    the copy that the linker keeps for the whole program;
//  - nothing else is included here, since that would compile foreign inline functions for the
//  target.
//
// A target T has the types Floats and Doubles (kLanes elements each) and the static functions
//   Floats  Zero(), Load(const float*), Splat(float), MulAdd(a, b, sum), MulSub(a, b, c) = a b − c,
//           Add(a, b), Max(a, b), Abs(a)
//   float   Largest(Floats)                      of lanes that are not negative
//   Doubles ZeroWide(), Widen(const float*), LoadWide(const double*), Broadcast(double),
//           MulAddWide(a, b, sum)           of exact products, FusedWide(a, b, sum) of any,
//           MulWide(a, b), SubWide(a, b), AddWide(a, b), MaxWide(a, b), AbsWide(a)
//   void  StoreWide(double*, Doubles)
//   float Sum(Floats), double SumWide(Doubles)   folding lanes j and j + 8, then 4, 2, 1
//   double LargestWide(Doubles)                  of lanes that are not negative
//   void Prefetch(const void*)
//   void DotPlane4(const int8_t* query, const uint8_t* const* planes, size_t n, int32_t* out)
//   int32_t DotPlane(const int8_t* query, const uint8_t* plane, size_t n)
//   size_t InsertIntoLine(int64_t* line, int64_t front, int64_t bound, int64_t key)
// and kAbreast, the scattered rows that are scored at once: as many as fit the registers, at
// most 4. DotPlane4 takes four planes, whose lanes are cheaper to sum up together. InsertIntoLine
// returns how many of the line's kLineKeys keys are at least `bound`; those behind move up, and
// what comes in is `front`, the key in front of the line, or `key` where that is at least `bound`.
// T::FloatTile and T::DoubleTile are tile types of tiles-inl.h.

#ifndef SKALAR_SIMD_KERNELS_INL_H_
#define SKALAR_SIMD_KERNELS_INL_H_

#include "simd/kernels.h"
#include "simd/tiles-inl.h"

namespace skalar::simd {
namespace {

// out[r] = dot(query, rows[r]), meanwhile fetching ahead[r] unless kFetch is off. Two sums per row
// keep single rows from waiting for the latency of each addition; how rows are grouped into blocks
// changes no result.
template <class T, size_t kCount, bool kFetch>
inline void DotBlock(const float* query, const float* const* rows, const float* const* ahead,
                     size_t n, float* out) {
  typename T::Floats even[kCount];
  typename T::Floats odd[kCount];
  for (size_t r = 0; r < kCount; ++r) even[r] = odd[r] = T::Zero();
  size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const typename T::Floats query0 = T::Load(query + i);
    const typename T::Floats query1 = T::Load(query + i + kLanes);
    for (size_t r = 0; r < kCount; ++r) {
      even[r] = T::MulAdd(query0, T::Load(rows[r] + i), even[r]);
      odd[r] = T::MulAdd(query1, T::Load(rows[r] + i + kLanes), odd[r]);
      if constexpr (kFetch) {
        T::Prefetch(ahead[r] + i);
        T::Prefetch(ahead[r] + i + kLanes);
      }
    }
  }
  if (i < n) {
    const typename T::Floats query0 = T::Load(query + i);
    for (size_t r = 0; r < kCount; ++r) {
      even[r] = T::MulAdd(query0, T::Load(rows[r] + i), even[r]);
      if constexpr (kFetch) T::Prefetch(ahead[r] + i);
    }
  }
  for (size_t r = 0; r < kCount; ++r) out[r] = T::Sum(T::Add(even[r], odd[r]));
}

// One row after another: a single ascending stream is what hardware prefetchers follow best. Four
// rows abreast, or software prefetch, halved the bandwidth of scans that miss the caches (Zen 4).
template <class T>
void DotRows(const float* query, const float* rows, size_t stride, size_t count, size_t n,
             float* out) {
  for (size_t i = 0; i < count; ++i) {
    const float* row = rows + i * stride;
    DotBlock<T, 1, false>(query, &row, nullptr, n, out + i);
  }
}

// Scattered rows abreast, so that their cache misses overlap.
template <class T>
void DotGather(const float* query, const float* const* rows, size_t count, size_t n, float* out) {
  size_t i = 0;
  for (; i + T::kAbreast < count; i += T::kAbreast) {
    const float* ahead[T::kAbreast];
    for (size_t r = 0; r < T::kAbreast; ++r) {
      const size_t next = i + T::kAbreast + r;
      ahead[r] = rows[next < count ? next : count - 1];
    }
    DotBlock<T, T::kAbreast, true>(query, rows + i, ahead, n, out + i);
  }
  if (i + T::kAbreast == count) {
    DotBlock<T, T::kAbreast, false>(query, rows + i, nullptr, n, out + i);
    return;
  }
  for (; i < count; ++i) DotBlock<T, 1, false>(query, rows + i, nullptr, n, out + i);
}

// Rows abreast: what one of them waits for memory, the others compute, and the query is widened
// once.
template <class T, size_t kCount>
inline void DotExactBlock(const float* query, const float* const* rows, size_t n, double* out) {
  typename T::Doubles sums[kCount];
  for (typename T::Doubles& sum : sums) sum = T::ZeroWide();
  for (size_t i = 0; i < n; i += kLanes) {
    const typename T::Doubles wide = T::Widen(query + i);
    for (size_t r = 0; r < kCount; ++r) {
      sums[r] = T::MulAddWide(T::Widen(rows[r] + i), wide, sums[r]);
    }
  }
  for (size_t r = 0; r < kCount; ++r) out[r] = T::SumWide(sums[r]);
}

template <class T>
void DotExact(const float* query, const float* const* rows, size_t count, size_t n, double* out) {
  size_t i = 0;
  for (; i + T::kAbreast <= count; i += T::kAbreast) {
    DotExactBlock<T, T::kAbreast>(query, rows + i, n, out + i);
  }
  for (; i < count; ++i) DotExactBlock<T, 1>(query, rows + i, n, out + i);
}

template <class T, size_t kCount>
inline void DotAndSquareBlock(const float* query, const float* const* rows, size_t n, double* out,
                              double* squares) {
  typename T::Doubles dots[kCount];
  typename T::Doubles own[kCount];
  for (size_t r = 0; r < kCount; ++r) dots[r] = own[r] = T::ZeroWide();
  for (size_t i = 0; i < n; i += kLanes) {
    const typename T::Doubles wide = T::Widen(query + i);
    for (size_t r = 0; r < kCount; ++r) {
      const typename T::Doubles row = T::Widen(rows[r] + i);
      dots[r] = T::MulAddWide(row, wide, dots[r]);
      own[r] = T::MulAddWide(row, row, own[r]);
    }
  }
  for (size_t r = 0; r < kCount; ++r) {
    out[r] = T::SumWide(dots[r]);
    squares[r] = T::SumWide(own[r]);
  }
}

template <class T>
void DotAndSquareExact(const float* query, const float* const* rows, size_t count, size_t n,
                       double* out, double* squares) {
  // Twice the sums: half the rows where that is what fills the registers.
  constexpr size_t kAtOnce = T::kAbreast > 2 ? T::kAbreast : 1;
  size_t i = 0;
  for (; i + kAtOnce <= count; i += kAtOnce) {
    DotAndSquareBlock<T, kAtOnce>(query, rows + i, n, out + i, squares + i);
  }
  for (; i < count; ++i) DotAndSquareBlock<T, 1>(query, rows + i, n, out + i, squares + i);
}

// What becomes of the differences of two vectors' components: a lane's value takes each in turn,
// and the lanes are brought together at the end.
template <class T>
struct SumOfSquares {
  using Doubles = typename T::Doubles;
  static Doubles Take(const Doubles& sum, const Doubles& difference) {
    return T::AddWide(sum, T::MulWide(difference, difference));
  }
  static double Fold(const Doubles& sums) { return T::SumWide(sums); }
};

template <class T>
struct SumOfAbsolutes {
  using Doubles = typename T::Doubles;
  static Doubles Take(const Doubles& sum, const Doubles& difference) {
    return T::AddWide(sum, T::AbsWide(difference));
  }
  static double Fold(const Doubles& sums) { return T::SumWide(sums); }
};

template <class T>
struct LargestAbsolute {
  using Doubles = typename T::Doubles;
  static Doubles Take(const Doubles& largest, const Doubles& difference) {
    return T::MaxWide(largest, T::AbsWide(difference));
  }
  static double Fold(const Doubles& lanes) { return T::LargestWide(lanes); }
};

// The same in float32, of one row at a time; two values a row keep it from waiting for the latency
// of each operation.
template <class T>
struct NarrowSumOfAbsolutes {
  using Floats = typename T::Floats;
  static Floats Take(const Floats& sum, const Floats& difference) {
    return T::Add(sum, T::Abs(difference));
  }
  static float Fold(const Floats& a, const Floats& b) { return T::Sum(T::Add(a, b)); }
};

template <class T>
struct NarrowLargestAbsolute {
  using Floats = typename T::Floats;
  static Floats Take(const Floats& largest, const Floats& difference) {
    return T::Max(largest, T::Abs(difference));
  }
  static float Fold(const Floats& a, const Floats& b) { return T::Largest(T::Max(a, b)); }
};

template <class T, template <class> class Measure>
void Distances(const float* query, const float* const* rows, const float* scales, size_t count,
               size_t n, float* out) {
  for (size_t r = 0; r < count; ++r) {
    const typename T::Floats scale = T::Splat(scales[r]);
    typename T::Floats even = T::Zero();
    typename T::Floats odd = T::Zero();
    const float* row = rows[r];
    size_t i = 0;
    for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
      even = Measure<T>::Take(even, T::MulSub(scale, T::Load(row + i), T::Load(query + i)));
      odd = Measure<T>::Take(
          odd, T::MulSub(scale, T::Load(row + i + kLanes), T::Load(query + i + kLanes)));
    }
    if (i < n)
      even = Measure<T>::Take(even, T::MulSub(scale, T::Load(row + i), T::Load(query + i)));
    out[r] = Measure<T>::Fold(even, odd);
  }
}

template <class T, class Measure, size_t kCount>
inline void DistanceBlock(const float* query, const float* const* rows, const double* scales,
                          size_t n, double* out) {
  typename T::Doubles values[kCount];
  for (typename T::Doubles& value : values) value = T::ZeroWide();
  for (size_t i = 0; i < n; i += kLanes) {
    const typename T::Doubles wide = T::Widen(query + i);
    for (size_t r = 0; r < kCount; ++r) {
      const typename T::Doubles scaled = T::MulWide(T::Broadcast(scales[r]), T::Widen(rows[r] + i));
      values[r] = Measure::Take(values[r], T::SubWide(scaled, wide));
    }
  }
  for (size_t r = 0; r < kCount; ++r) out[r] = Measure::Fold(values[r]);
}

template <class T, template <class> class Measure>
void DistanceExact(const float* query, const float* const* rows, const double* scales, size_t count,
                   size_t n, double* out) {
  size_t i = 0;
  for (; i + T::kAbreast <= count; i += T::kAbreast) {
    DistanceBlock<T, Measure<T>, T::kAbreast>(query, rows + i, scales + i, n, out + i);
  }
  for (; i < count; ++i) {
    DistanceBlock<T, Measure<T>, 1>(query, rows + i, scales + i, n, out + i);
  }
}

template <class T, size_t kCount>
inline void AddWeightedBlock(const float* const* rows, const double* weights, size_t n,
                             double* sums) {
  for (size_t i = 0; i < n; i += kLanes) {
    typename T::Doubles sum = T::LoadWide(sums + i);
    for (size_t r = 0; r < kCount; ++r) {
      sum = T::FusedWide(T::Broadcast(weights[r]), T::Widen(rows[r] + i), sum);
    }
    T::StoreWide(sums + i, sum);
  }
}

// Four rows each time that the sums are loaded and stored.
template <class T>
void AddWeighted(const float* const* rows, const double* weights, size_t count, size_t n,
                 double* sums) {
  size_t i = 0;
  for (; i + 4 <= count; i += 4) AddWeightedBlock<T, 4>(rows + i, weights + i, n, sums);
  for (; i < count; ++i) AddWeightedBlock<T, 1>(rows + i, weights + i, n, sums);
}

template <class T>
void DotPlanes(const int8_t* query, const uint8_t* const* planes, size_t count, size_t n,
               int32_t* out) {
  size_t i = 0;
  for (; i + 4 <= count; i += 4) T::DotPlane4(query, planes + i, n, out + i);
  if (i + 1 == count) out[i] = T::DotPlane(query, planes[i], n);
  if (i + 2 > count) return;
  // The last two or three, the last one repeated.
  const uint8_t* last = planes[count - 1];
  const uint8_t* four[] = {planes[i], planes[i + 1], last, last};
  int32_t products[4];
  T::DotPlane4(query, four, n, products);
  for (size_t r = 0; i < count; ++i, ++r) out[i] = products[r];
}

template <class T>
void DotPlaneRows(const int8_t* query, const uint8_t* planes, size_t count, size_t n,
                  int32_t* out) {
  const size_t bytes = n / 2;
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const uint8_t* first = planes + i * bytes;
    const uint8_t* four[] = {first, first + bytes, first + 2 * bytes, first + 3 * bytes};
    T::DotPlane4(query, four, n, out + i);
  }
  for (; i < count; ++i) out[i] = T::DotPlane(query, planes + i * bytes, n);
}

// From the last line to the one with the place; nothing else depends on where that is.
template <class T>
size_t Insert(int64_t* keys, size_t count, int64_t bound, int64_t key) {
  for (size_t i = count / kLineKeys * kLineKeys;; i -= kLineKeys) {
    const int64_t front = i == 0 ? bound : keys[i - 1];
    const size_t before = T::InsertIntoLine(keys + i, front, bound, key);
    if (front >= bound) return i + before;
  }
}

template <class T>
constexpr Kernels MakeKernels(const char* name) {
  return {name,
          &DotRows<T>,
          &DotGather<T>,
          &DotExact<T>,
          &DotAndSquareExact<T>,
          &DistanceExact<T, SumOfSquares>,
          &DistanceExact<T, SumOfAbsolutes>,
          &DistanceExact<T, LargestAbsolute>,
          &AddWeighted<T>,
          &Distances<T, NarrowSumOfAbsolutes>,
          &Distances<T, NarrowLargestAbsolute>,
          &DotPlanes<T>,
          &DotPlaneRows<T>,
          &Insert<T>,
          MakeTiles<typename T::FloatTile>(),
          MakeTiles<typename T::DoubleTile>(),
          MakeWidening<typename T::DoubleTile>()};
}

}  // namespace
}  // namespace skalar::simd

#endif  // SKALAR_SIMD_KERNELS_INL_H_
