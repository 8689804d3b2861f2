#ifndef SKALAR_SIMD_KERNELS_H_
#define SKALAR_SIMD_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "simd/tiles.h"

// Dot products and distances of float32 vectors, one implementation per instruction set, chosen at
// run time. Build every file with -ffp-contract=off: the exact kernels forbid silent FMAs.
//
// Thread safety: everything here may be called from any thread.
// The kernels never allocate. The default floating-point environment is assumed (round to nearest,
// subnormals kept).

namespace skalar::simd {

// Every length is a multiple of kLanes: callers pad rows and queries with zeros, which change no
// result. Pointers need only the alignment of float.
inline constexpr size_t kLanes = 16;

// The components of a code's plane, and of a query for it, are a multiple of this. In memory a
// plane packs two components a byte, so many components a cache line, and begins at one: byte j of
// a line has component j in its lower half, and component 64 + j in its upper half.
inline constexpr size_t kPlaneLanes = 128;

// Keys that fill a cache line.
inline constexpr size_t kLineKeys = 8;

struct Kernels {
  const char* name;  // "avx512", "avx2", "neon" or "scalar"

  // out[i] = dot(query, rows + i * stride) for i < count; stride >= n, in floats.
  // float32 within DotErrorFactor; the value of a row does not depend on its neighbours.
  void (*dot_rows)(const float* query, const float* rows, size_t stride, size_t count, size_t n,
                   float* out);

  // out[i] = dot(query, rows[i]) for i < count, with the arithmetic of dot_rows. Fetches rows a few
  // ahead of the one it scores, so scattered rows should come in one call.
  void (*dot_gather)(const float* query, const float* const* rows, size_t count, size_t n,
                     float* out);

  // Exact-score kernels, float64. Lane j sums the elements i ≡ j (mod kLanes) in order; then lane j
  // takes lane j + 8, j + 4, j + 2, j + 1 in turn. This order makes targets agree bit for bit.

  // out[i] = dot(query, rows[i]) for i < count. Products of two float32 are exact in float64, so
  // only the additions round. Rows that may not be in the cache should come in one call.
  void (*dot_exact)(const float* query, const float* const* rows, size_t count, size_t n,
                    double* out);

  // The same, and squares[i] = dot(rows[i], rows[i]).
  void (*dot_and_square_exact)(const float* query, const float* const* rows, size_t count, size_t n,
                               double* out, double* squares);

  // out[i] = sum over j of (scales[i] * rows[i][j] - query[j])^2 for i < count. Product,
  // difference, square and sum each round.
  void (*squared_distance_exact)(const float* query, const float* const* rows, const double* scales,
                                 size_t count, size_t n, double* out);

  // The same of absolute values instead of squares: their sum, and the largest of them.
  void (*sum_of_differences_exact)(const float* query, const float* const* rows,
                                   const double* scales, size_t count, size_t n, double* out);
  void (*largest_difference_exact)(const float* query, const float* const* rows,
                                   const double* scales, size_t count, size_t n, double* out);

  // sums[j] += weights[0] * rows[0][j], then weights[1] * rows[1][j], and so on, for j < n. Fused:
  // a product and its addition round once, so that targets agree bit for bit.
  void (*add_weighted)(const float* const* rows, const double* weights, size_t count, size_t n,
                       double* sums);

  // Both in float32. A difference is rounded once, as the product is exact where `scales` are
  // powers of two and the scaled components float32; n / kLanes additions follow on each other.
  void (*sum_of_differences)(const float* query, const float* const* rows, const float* scales,
                             size_t count, size_t n, float* out);
  void (*largest_difference)(const float* query, const float* const* rows, const float* scales,
                             size_t count, size_t n, float* out);

  // out[i] = sum over j < n of planes[i]'s component j * query[j], for i < count. Components are in
  // 0..15 and the query's within ±127: exact, so targets agree. Rows should be on their way to the
  // cache.
  void (*dot_planes)(const int8_t* query, const uint8_t* const* planes, size_t count, size_t n,
                     int32_t* out);

  // The same of `count` planes that lie one behind the other.
  void (*dot_plane_rows)(const int8_t* query, const uint8_t* planes, size_t count, size_t n,
                         int32_t* out);

  // Puts `key` behind those of `count` descending keys that are at least `bound`, moves the others
  // up by one, and returns its place. `keys` have room for whole lines, more than `count`; what is
  // behind them is less than `bound`, and descends too. The last of the line may fall out.
  size_t (*insert)(int64_t* keys, size_t count, int64_t bound, int64_t key);

  // Kernels for many vectors with many.
  TileKernels<float> floats;
  TileKernels<double> doubles;
  WideningKernels widening;
};

// The kernels to use, chosen at the first call: those the environment variable SKALAR_SIMD names,
// else (unset, empty or not available here) the fastest that CPU and operating system support.
const Kernels& Active();

// The value of SKALAR_SIMD that Active() could not honour, cut to 31 bytes; null when there is
// none. Who owns the user interface must report it.
const char* ForcedButUnavailable();

// The kernels of that name; null when this CPU, operating system or build lacks them.
const Kernels* Find(const char* name);

// Writes up to max available targets to out, fastest first, and returns how many it wrote.
inline constexpr size_t kMaxTargets = 3;
size_t Available(const Kernels* out[], size_t max);

// For every target, with |a| and |b| Euclidean norms that may come from float64 arithmetic:
//   |dot_float32(a, b) - dot(a, b)| <= DotErrorFactor(n) * |a||b| + DotUnderflowGuard(n)
// as long as 2|a||b| is a finite float32, so that no partial sum overflows.
double DotErrorFactor(size_t n);
double DotUnderflowGuard(size_t n);

}  // namespace skalar::simd

#endif  // SKALAR_SIMD_KERNELS_H_
