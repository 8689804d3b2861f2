// AVX-512 Foundation with VNNI: 16 floats, or 64 bytes, a register.

#include "simd/kernels.h"
#include "simd/targets.h"

#if defined(SKALAR_SIMD_X86_64)

#if defined(__GNUC__) && !defined(__clang__)
// GCC's own header initializes its "undefined" vectors with themselves and then warns about it:
// https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105593
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

// Below, not above: what the headers define must stay compiled for the baseline. MSVC accepts every
// intrinsic as it is.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vnni"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vnni")
#endif

#include "simd/kernels-inl.h"

namespace skalar::simd {
namespace {

// 28 of 32 registers hold results.
struct Avx512Floats {
  using Element = float;
  using Vector = __m512;
  static constexpr size_t kLanes = 16;
  static constexpr size_t kRows = 14;
  static constexpr size_t kLeftStride = 16;
  static constexpr size_t kVectors = 2;

  static Vector Zero() { return _mm512_setzero_ps(); }
  static Vector Load(const float* from) { return _mm512_loadu_ps(from); }
  static Vector Broadcast(const float* from) { return _mm512_set1_ps(*from); }
  static void Store(float* to, Vector value) { _mm512_storeu_ps(to, value); }
  static Vector MulAdd(Vector a, Vector b, Vector sum) { return _mm512_fmadd_ps(a, b, sum); }
  static Vector Add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector Sub(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static Vector Abs(Vector a) { return _mm512_abs_ps(a); }
  static Vector Max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
};

struct Avx512Doubles {
  using Element = double;
  using Vector = __m512d;
  static constexpr size_t kLanes = 8;
  static constexpr size_t kRows = 14;
  static constexpr size_t kLeftStride = 16;
  static constexpr size_t kVectors = 2;

  static Vector Zero() { return _mm512_setzero_pd(); }
  static Vector Load(const double* from) { return _mm512_loadu_pd(from); }
  static Vector Load(const float* from) { return _mm512_cvtps_pd(_mm256_loadu_ps(from)); }
  static Vector Broadcast(const double* from) { return _mm512_set1_pd(*from); }
  static void Store(double* to, Vector value) { _mm512_storeu_pd(to, value); }
  static Vector MulAdd(Vector a, Vector b, Vector sum) { return _mm512_fmadd_pd(a, b, sum); }
  static Vector Add(Vector a, Vector b) { return _mm512_add_pd(a, b); }
  static Vector Sub(Vector a, Vector b) { return _mm512_sub_pd(a, b); }
  static Vector Abs(Vector a) { return _mm512_abs_pd(a); }
  static Vector Max(Vector a, Vector b) { return _mm512_max_pd(a, b); }
};

struct Avx512 {
  using FloatTile = Avx512Floats;
  using DoubleTile = Avx512Doubles;
  static constexpr size_t kAbreast = 4;

  using Floats = __m512;
  struct Doubles {
    __m512d low, high;
  };

  static Floats Zero() { return _mm512_setzero_ps(); }
  static Floats Load(const float* from) { return _mm512_loadu_ps(from); }
  static Floats MulAdd(Floats a, Floats b, Floats sum) { return _mm512_fmadd_ps(a, b, sum); }
  static Floats Add(Floats a, Floats b) { return _mm512_add_ps(a, b); }

  static Floats Splat(float value) { return _mm512_set1_ps(value); }
  static Floats MulSub(Floats a, Floats b, Floats c) { return _mm512_fmsub_ps(a, b, c); }
  static Floats Max(Floats a, Floats b) { return _mm512_max_ps(a, b); }
  static Floats Abs(Floats a) { return _mm512_abs_ps(a); }
  static float Largest(Floats lanes) { return _mm512_reduce_max_ps(lanes); }

  static Doubles ZeroWide() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
  static Doubles Broadcast(double value) { return {_mm512_set1_pd(value), _mm512_set1_pd(value)}; }
  static Doubles Widen(const float* from) {
    return {_mm512_cvtps_pd(_mm256_loadu_ps(from)), _mm512_cvtps_pd(_mm256_loadu_ps(from + 8))};
  }
  static Doubles LoadWide(const double* from) {
    return {_mm512_loadu_pd(from), _mm512_loadu_pd(from + 8)};
  }
  static void StoreWide(double* to, Doubles x) {
    _mm512_storeu_pd(to, x.low);
    _mm512_storeu_pd(to + 8, x.high);
  }
  static Doubles MulAddWide(Doubles a, Doubles b, Doubles sum) {
    return {_mm512_fmadd_pd(a.low, b.low, sum.low), _mm512_fmadd_pd(a.high, b.high, sum.high)};
  }
  static Doubles FusedWide(Doubles a, Doubles b, Doubles sum) { return MulAddWide(a, b, sum); }
  static Doubles MulWide(Doubles a, Doubles b) {
    return {_mm512_mul_pd(a.low, b.low), _mm512_mul_pd(a.high, b.high)};
  }
  static Doubles SubWide(Doubles a, Doubles b) {
    return {_mm512_sub_pd(a.low, b.low), _mm512_sub_pd(a.high, b.high)};
  }
  static Doubles AddWide(Doubles a, Doubles b) {
    return {_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)};
  }
  static Doubles MaxWide(Doubles a, Doubles b) {
    return {_mm512_max_pd(a.low, b.low), _mm512_max_pd(a.high, b.high)};
  }
  static Doubles AbsWide(Doubles a) { return {_mm512_abs_pd(a.low), _mm512_abs_pd(a.high)}; }
  static double LargestWide(Doubles lanes) {
    return _mm512_reduce_max_pd(_mm512_max_pd(lanes.low, lanes.high));
  }

  static float Sum(Floats lanes) {
    // Extracting eight floats would need AVX-512 DQ; the same bits as four doubles do not.
    const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(lanes), 1));
    const __m256 sum8 = _mm256_add_ps(_mm512_castps512_ps256(lanes), high);
    const __m128 sum4 = _mm_add_ps(_mm256_castps256_ps128(sum8), _mm256_extractf128_ps(sum8, 1));
    const __m128 sum2 = _mm_add_ps(sum4, _mm_movehl_ps(sum4, sum4));
    return _mm_cvtss_f32(_mm_add_ss(sum2, _mm_movehdup_ps(sum2)));
  }
  static double SumWide(Doubles lanes) {
    const __m512d sum8 = _mm512_add_pd(lanes.low, lanes.high);
    const __m256d sum4 =
        _mm256_add_pd(_mm512_castpd512_pd256(sum8), _mm512_extractf64x4_pd(sum8, 1));
    const __m128d sum2 = _mm_add_pd(_mm256_castpd256_pd128(sum4), _mm256_extractf128_pd(sum4, 1));
    return _mm_cvtsd_f64(_mm_add_sd(sum2, _mm_unpackhi_pd(sum2, sum2)));
  }

  // Adds the products of 128 components to 16 sums.
  static __m512i AddPlane(__m512i sum, const int8_t* query, const uint8_t* plane) {
    const __m512i half = _mm512_set1_epi32(0x0f0f0f0f);
    const __m512i pairs = _mm512_loadu_si512(plane);
    const __m512i low = _mm512_and_si512(pairs, half);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi32(pairs, 4), half);
    sum = _mm512_dpbusd_epi32(sum, low, _mm512_loadu_si512(query));
    return _mm512_dpbusd_epi32(sum, high, _mm512_loadu_si512(query + 64));
  }

  static int32_t DotPlane(const int8_t* query, const uint8_t* plane, size_t n) {
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += kPlaneLanes) sum = AddPlane(sum, query + i, plane + i / 2);
    return _mm512_reduce_add_epi32(sum);
  }

  static void DotPlane4(const int8_t* query, const uint8_t* const* planes, size_t n, int32_t* out) {
    __m512i sums[4];
    for (__m512i& sum : sums) sum = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += kPlaneLanes) {
      for (int r = 0; r < 4; ++r) sums[r] = AddPlane(sums[r], query + i, planes[r] + i / 2);
    }
    // Lanes of the four next to each other, then halves onto halves.
    const __m512i pair01 = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]),
                                            _mm512_unpackhi_epi32(sums[0], sums[1]));
    const __m512i pair23 = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2], sums[3]),
                                            _mm512_unpackhi_epi32(sums[2], sums[3]));
    const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(pair01, pair23),
                                         _mm512_unpackhi_epi64(pair01, pair23));
    const __m256i half =
        _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(out),
        _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
  }

  static size_t InsertIntoLine(int64_t* line, int64_t front, int64_t bound, int64_t key) {
    const __m512i keys = _mm512_loadu_si512(line);
    const __m512i moved = _mm512_alignr_epi64(keys, _mm512_set1_epi64(front), 7);
    const __m512i bounds = _mm512_set1_epi64(bound);
    const __mmask8 stay = _mm512_cmpge_epi64_mask(keys, bounds);
    const __mmask8 follow = _mm512_cmpge_epi64_mask(moved, bounds);
    const __m512i behind = _mm512_mask_mov_epi64(moved, follow, _mm512_set1_epi64(key));
    _mm512_storeu_si512(line, _mm512_mask_mov_epi64(behind, stay, keys));
    return static_cast<size_t>(_mm_popcnt_u32(stay));
  }

  static void Prefetch(const void* at) { _mm_prefetch(static_cast<const char*>(at), _MM_HINT_T0); }
};

}  // namespace

constinit const Kernels kAvx512 = MakeKernels<Avx512>("avx512");

}  // namespace skalar::simd

#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif

#endif  // SKALAR_SIMD_X86_64
