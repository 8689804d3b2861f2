// AVX2 with FMA3: kLanes floats are two registers, kLanes doubles four.

#include "simd/kernels.h"
#include "simd/targets.h"

#if defined(SKALAR_SIMD_X86_64)

#include <immintrin.h>

// Below, not above: what the headers define must stay compiled for the baseline. MSVC accepts every
// intrinsic as it is.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#include "simd/kernels-inl.h"

namespace skalar::simd {
namespace {

// 12 of 16 registers hold results.
struct Avx2Floats {
  using Element = float;
  using Vector = __m256;
  static constexpr size_t kLanes = 8;
  static constexpr size_t kRows = 6;
  static constexpr size_t kLeftStride = 8;
  static constexpr size_t kVectors = 2;

  static Vector Zero() { return _mm256_setzero_ps(); }
  static Vector Load(const float* from) { return _mm256_loadu_ps(from); }
  static Vector Broadcast(const float* from) { return _mm256_broadcast_ss(from); }
  static void Store(float* to, Vector value) { _mm256_storeu_ps(to, value); }
  static Vector MulAdd(Vector a, Vector b, Vector sum) { return _mm256_fmadd_ps(a, b, sum); }
  static Vector Add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector Sub(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector Abs(Vector a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
  static Vector Max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
};

struct Avx2Doubles {
  using Element = double;
  using Vector = __m256d;
  static constexpr size_t kLanes = 4;
  static constexpr size_t kRows = 6;
  static constexpr size_t kLeftStride = 8;
  static constexpr size_t kVectors = 2;

  static Vector Zero() { return _mm256_setzero_pd(); }
  static Vector Load(const double* from) { return _mm256_loadu_pd(from); }
  static Vector Load(const float* from) { return _mm256_cvtps_pd(_mm_loadu_ps(from)); }
  static Vector Broadcast(const double* from) { return _mm256_broadcast_sd(from); }
  static void Store(double* to, Vector value) { _mm256_storeu_pd(to, value); }
  static Vector MulAdd(Vector a, Vector b, Vector sum) { return _mm256_fmadd_pd(a, b, sum); }
  static Vector Add(Vector a, Vector b) { return _mm256_add_pd(a, b); }
  static Vector Sub(Vector a, Vector b) { return _mm256_sub_pd(a, b); }
  static Vector Abs(Vector a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
  static Vector Max(Vector a, Vector b) { return _mm256_max_pd(a, b); }
};

struct Avx2 {
  using FloatTile = Avx2Floats;
  using DoubleTile = Avx2Doubles;
  static constexpr size_t kAbreast = 2;  // 8 sums, 4 of the query: 12 of 16 registers

  struct Floats {
    __m256 low, high;
  };
  struct Doubles {
    __m256d a, b, c, d;
  };

  static Floats Zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static Floats Load(const float* from) {
    return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
  }
  static Floats MulAdd(Floats x, Floats y, Floats sum) {
    return {_mm256_fmadd_ps(x.low, y.low, sum.low), _mm256_fmadd_ps(x.high, y.high, sum.high)};
  }
  static Floats Add(Floats x, Floats y) {
    return {_mm256_add_ps(x.low, y.low), _mm256_add_ps(x.high, y.high)};
  }

  static Floats Splat(float value) {
    const __m256 all = _mm256_set1_ps(value);
    return {all, all};
  }
  static Floats MulSub(Floats x, Floats y, Floats z) {
    return {_mm256_fmsub_ps(x.low, y.low, z.low), _mm256_fmsub_ps(x.high, y.high, z.high)};
  }
  static Floats Max(Floats x, Floats y) {
    return {_mm256_max_ps(x.low, y.low), _mm256_max_ps(x.high, y.high)};
  }
  static Floats Abs(Floats x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_andnot_ps(sign, x.low), _mm256_andnot_ps(sign, x.high)};
  }
  static float Largest(Floats lanes) {
    const __m256 eight = _mm256_max_ps(lanes.low, lanes.high);
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
  }

  static Doubles ZeroWide() { return Broadcast(0.0); }
  static Doubles Broadcast(double value) {
    const __m256d all = _mm256_set1_pd(value);
    return {all, all, all, all};
  }
  static Doubles Widen(const float* from) {
    return {_mm256_cvtps_pd(_mm_loadu_ps(from)), _mm256_cvtps_pd(_mm_loadu_ps(from + 4)),
            _mm256_cvtps_pd(_mm_loadu_ps(from + 8)), _mm256_cvtps_pd(_mm_loadu_ps(from + 12))};
  }
  static Doubles LoadWide(const double* from) {
    return {_mm256_loadu_pd(from), _mm256_loadu_pd(from + 4), _mm256_loadu_pd(from + 8),
            _mm256_loadu_pd(from + 12)};
  }
  static void StoreWide(double* to, Doubles x) {
    _mm256_storeu_pd(to, x.a);
    _mm256_storeu_pd(to + 4, x.b);
    _mm256_storeu_pd(to + 8, x.c);
    _mm256_storeu_pd(to + 12, x.d);
  }
  static Doubles MulAddWide(Doubles x, Doubles y, Doubles sum) {
    return {_mm256_fmadd_pd(x.a, y.a, sum.a), _mm256_fmadd_pd(x.b, y.b, sum.b),
            _mm256_fmadd_pd(x.c, y.c, sum.c), _mm256_fmadd_pd(x.d, y.d, sum.d)};
  }
  static Doubles FusedWide(Doubles x, Doubles y, Doubles sum) { return MulAddWide(x, y, sum); }
  static Doubles MulWide(Doubles x, Doubles y) {
    return {_mm256_mul_pd(x.a, y.a), _mm256_mul_pd(x.b, y.b), _mm256_mul_pd(x.c, y.c),
            _mm256_mul_pd(x.d, y.d)};
  }
  static Doubles SubWide(Doubles x, Doubles y) {
    return {_mm256_sub_pd(x.a, y.a), _mm256_sub_pd(x.b, y.b), _mm256_sub_pd(x.c, y.c),
            _mm256_sub_pd(x.d, y.d)};
  }
  static Doubles AddWide(Doubles x, Doubles y) {
    return {_mm256_add_pd(x.a, y.a), _mm256_add_pd(x.b, y.b), _mm256_add_pd(x.c, y.c),
            _mm256_add_pd(x.d, y.d)};
  }

  static Doubles MaxWide(Doubles x, Doubles y) {
    return {_mm256_max_pd(x.a, y.a), _mm256_max_pd(x.b, y.b), _mm256_max_pd(x.c, y.c),
            _mm256_max_pd(x.d, y.d)};
  }
  static Doubles AbsWide(Doubles x) {
    const __m256d sign = _mm256_set1_pd(-0.0);
    return {_mm256_andnot_pd(sign, x.a), _mm256_andnot_pd(sign, x.b), _mm256_andnot_pd(sign, x.c),
            _mm256_andnot_pd(sign, x.d)};
  }

  static float Sum(Floats lanes) {
    const __m256 sum8 = _mm256_add_ps(lanes.low, lanes.high);
    const __m128 sum4 = _mm_add_ps(_mm256_castps256_ps128(sum8), _mm256_extractf128_ps(sum8, 1));
    const __m128 sum2 = _mm_add_ps(sum4, _mm_movehl_ps(sum4, sum4));
    return _mm_cvtss_f32(_mm_add_ss(sum2, _mm_movehdup_ps(sum2)));
  }
  static double SumWide(Doubles lanes) {
    const __m256d sum4 =
        _mm256_add_pd(_mm256_add_pd(lanes.a, lanes.c), _mm256_add_pd(lanes.b, lanes.d));
    const __m128d sum2 = _mm_add_pd(_mm256_castpd256_pd128(sum4), _mm256_extractf128_pd(sum4, 1));
    return _mm_cvtsd_f64(_mm_add_sd(sum2, _mm_unpackhi_pd(sum2, sum2)));
  }

  static double LargestWide(Doubles lanes) {
    const __m256d four =
        _mm256_max_pd(_mm256_max_pd(lanes.a, lanes.c), _mm256_max_pd(lanes.b, lanes.d));
    const __m128d two = _mm_max_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_max_sd(two, _mm_unpackhi_pd(two, two)));
  }

  static __m256i Bytes(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }

  // Adds the products of 128 components to 8 sums. A product is at most 15 · 127, and eight of them
  // fit 16 bits.
  static __m256i AddPlane(__m256i sum, const int8_t* query, const uint8_t* plane) {
    const __m256i half = _mm256_set1_epi8(15);
    const __m256i first = Bytes(plane);
    const __m256i second = Bytes(plane + 32);
    const __m256i low =
        _mm256_add_epi16(_mm256_maddubs_epi16(_mm256_and_si256(first, half), Bytes(query)),
                         _mm256_maddubs_epi16(_mm256_and_si256(second, half), Bytes(query + 32)));
    const __m256i high =
        _mm256_add_epi16(_mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(first, 4), half),
                                              Bytes(query + 64)),
                         _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16(second, 4), half),
                                              Bytes(query + 96)));
    const __m256i pairs = _mm256_add_epi16(low, high);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }

  static int32_t DotPlane(const int8_t* query, const uint8_t* plane, size_t n) {
    __m256i sum8 = _mm256_setzero_si256();
    for (size_t i = 0; i < n; i += kPlaneLanes) sum8 = AddPlane(sum8, query + i, plane + i / 2);
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sum8), _mm256_extracti128_si256(sum8, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
    return _mm_cvtsi128_si32(sum);
  }

  static void DotPlane4(const int8_t* query, const uint8_t* const* planes, size_t n, int32_t* out) {
    __m256i sums[4];
    for (__m256i& sum : sums) sum = _mm256_setzero_si256();
    for (size_t i = 0; i < n; i += kPlaneLanes) {
      for (int r = 0; r < 4; ++r) sums[r] = AddPlane(sums[r], query + i, planes[r] + i / 2);
    }
    const __m256i all =
        _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1)));
  }

  // Of four keys, with the one in front of them. Returns a bit for each that stays.
  static int InsertIntoFour(int64_t* four, __m256i front, __m256i bound, __m256i key) {
    const __m256i keys = Bytes(four);
    // Lanes 0, 0, 1, 2, of which the first is replaced.
    const __m256i moved = _mm256_blend_epi32(_mm256_permute4x64_epi64(keys, 0x90), front, 3);
    const __m256i move = _mm256_cmpgt_epi64(bound, keys);
    const __m256i follow = _mm256_cmpgt_epi64(bound, moved);
    const __m256i behind = _mm256_blendv_epi8(key, moved, follow);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(four), _mm256_blendv_epi8(keys, behind, move));
    return ~_mm256_movemask_pd(_mm256_castsi256_pd(move)) & 15;
  }

  static size_t InsertIntoLine(int64_t* line, int64_t front, int64_t bound, int64_t key) {
    const __m256i bounds = _mm256_set1_epi64x(bound);
    const __m256i keys = _mm256_set1_epi64x(key);
    // The upper four first: they take the last of the lower.
    const int upper = InsertIntoFour(line + 4, _mm256_set1_epi64x(line[3]), bounds, keys);
    const int lower = InsertIntoFour(line, _mm256_set1_epi64x(front), bounds, keys);
    return static_cast<size_t>(_mm_popcnt_u32(static_cast<unsigned>(upper << 4 | lower)));
  }

  static void Prefetch(const void* at) { _mm_prefetch(static_cast<const char*>(at), _MM_HINT_T0); }
};

}  // namespace

constinit const Kernels kAvx2 = MakeKernels<Avx2>("avx2");

}  // namespace skalar::simd

#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif

#endif  // SKALAR_SIMD_X86_64
