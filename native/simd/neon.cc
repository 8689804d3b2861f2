// NEON, part of every AArch64 CPU: kLanes floats are four registers, kLanes doubles eight.

#include "simd/kernels.h"
#include "simd/targets.h"

#if defined(SKALAR_SIMD_AARCH64)

#include <arm_neon.h>

#include "simd/kernels-inl.h"

namespace skalar::simd {
namespace {

template <bool kSdot>
int32x4_t AddProducts16(int32x4_t sum, int8x16_t query, int8x16_t code);

// Without the dot product instructions: products of 8 bits in 16, added in pairs.
template <>
inline int32x4_t AddProducts16<false>(int32x4_t sum, int8x16_t query, int8x16_t code) {
  sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(query), vget_low_s8(code)));
  return vpadalq_s16(sum, vmull_high_s8(query, code));
}

// The instruction itself, so that this file needs no other compiler flags and one function for it
// can be inlined.
template <>
inline int32x4_t AddProducts16<true>(int32x4_t sum, int8x16_t query, int8x16_t code) {
#if defined(_MSC_VER) && !defined(__clang__)
  return vdotq_s32(sum, query, code);
#else
  __asm__(".arch armv8.2-a+dotprod\n\tsdot %0.4s, %1.16b, %2.16b"
          : "+w"(sum)
          : "w"(query), "w"(code));
  return sum;
#endif
}

// 24 of 32 registers hold results.
struct NeonFloats {
  using Element = float;
  using Vector = float32x4_t;
  static constexpr size_t kLanes = 4;
  static constexpr size_t kRows = 8;
  static constexpr size_t kLeftStride = 8;
  static constexpr size_t kVectors = 3;

  static Vector Zero() { return vdupq_n_f32(0.0f); }
  static Vector Load(const float* from) { return vld1q_f32(from); }
  static Vector Broadcast(const float* from) { return vld1q_dup_f32(from); }
  static void Store(float* to, Vector value) { vst1q_f32(to, value); }
  static Vector MulAdd(Vector a, Vector b, Vector sum) { return vfmaq_f32(sum, a, b); }
  static Vector Add(Vector a, Vector b) { return vaddq_f32(a, b); }
  static Vector Sub(Vector a, Vector b) { return vsubq_f32(a, b); }
  static Vector Abs(Vector a) { return vabsq_f32(a); }
  static Vector Max(Vector a, Vector b) { return vmaxq_f32(a, b); }
};

struct NeonDoubles {
  using Element = double;
  using Vector = float64x2_t;
  static constexpr size_t kLanes = 2;
  static constexpr size_t kRows = 8;
  static constexpr size_t kLeftStride = 8;
  static constexpr size_t kVectors = 3;

  static Vector Zero() { return vdupq_n_f64(0.0); }
  static Vector Load(const double* from) { return vld1q_f64(from); }
  static Vector Load(const float* from) { return vcvt_f64_f32(vld1_f32(from)); }
  static Vector Broadcast(const double* from) { return vld1q_dup_f64(from); }
  static void Store(double* to, Vector value) { vst1q_f64(to, value); }
  static Vector MulAdd(Vector a, Vector b, Vector sum) { return vfmaq_f64(sum, a, b); }
  static Vector Add(Vector a, Vector b) { return vaddq_f64(a, b); }
  static Vector Sub(Vector a, Vector b) { return vsubq_f64(a, b); }
  static Vector Abs(Vector a) { return vabsq_f64(a); }
  static Vector Max(Vector a, Vector b) { return vmaxq_f64(a, b); }
};

template <bool kSdot>
struct Neon {
  using FloatTile = NeonFloats;
  using DoubleTile = NeonDoubles;
  static constexpr size_t kAbreast = 2;  // 16 sums, 8 of the query: 24 of 32 registers

  using Floats = float32x4x4_t;
  struct Doubles {
    float64x2_t val[8];
  };

  static Floats Zero() {
    const float32x4_t zero = vdupq_n_f32(0.0f);
    return {{zero, zero, zero, zero}};
  }
  static Floats Load(const float* from) {
    return {{vld1q_f32(from), vld1q_f32(from + 4), vld1q_f32(from + 8), vld1q_f32(from + 12)}};
  }
  static Floats MulAdd(Floats a, Floats b, Floats sum) {
    for (int i = 0; i < 4; ++i) sum.val[i] = vfmaq_f32(sum.val[i], a.val[i], b.val[i]);
    return sum;
  }
  static Floats Add(Floats a, Floats b) {
    for (int i = 0; i < 4; ++i) a.val[i] = vaddq_f32(a.val[i], b.val[i]);
    return a;
  }

  static Floats Splat(float value) {
    const float32x4_t all = vdupq_n_f32(value);
    return {{all, all, all, all}};
  }
  static Floats MulSub(Floats a, Floats b, Floats c) {
    for (int i = 0; i < 4; ++i) a.val[i] = vfmaq_f32(vnegq_f32(c.val[i]), a.val[i], b.val[i]);
    return a;
  }
  static Floats Max(Floats a, Floats b) {
    for (int i = 0; i < 4; ++i) a.val[i] = vmaxq_f32(a.val[i], b.val[i]);
    return a;
  }
  static Floats Abs(Floats a) {
    for (float32x4_t& four : a.val) four = vabsq_f32(four);
    return a;
  }
  static float Largest(Floats lanes) {
    return vmaxvq_f32(
        vmaxq_f32(vmaxq_f32(lanes.val[0], lanes.val[1]), vmaxq_f32(lanes.val[2], lanes.val[3])));
  }

  static Doubles ZeroWide() { return Broadcast(0.0); }
  static Doubles Broadcast(double value) {
    Doubles result;
    for (float64x2_t& pair : result.val) pair = vdupq_n_f64(value);
    return result;
  }
  static Doubles Widen(const float* from) {
    Doubles result;
    for (int i = 0; i < 4; ++i) {
      const float32x4_t four = vld1q_f32(from + 4 * i);
      result.val[2 * i] = vcvt_f64_f32(vget_low_f32(four));
      result.val[2 * i + 1] = vcvt_high_f64_f32(four);
    }
    return result;
  }
  static Doubles LoadWide(const double* from) {
    Doubles result;
    for (int i = 0; i < 8; ++i) result.val[i] = vld1q_f64(from + 2 * i);
    return result;
  }
  static void StoreWide(double* to, Doubles x) {
    for (int i = 0; i < 8; ++i) vst1q_f64(to + 2 * i, x.val[i]);
  }
  static Doubles MulAddWide(Doubles a, Doubles b, Doubles sum) {
    for (int i = 0; i < 8; ++i) sum.val[i] = vfmaq_f64(sum.val[i], a.val[i], b.val[i]);
    return sum;
  }
  static Doubles FusedWide(Doubles a, Doubles b, Doubles sum) { return MulAddWide(a, b, sum); }
  static Doubles MulWide(Doubles a, Doubles b) {
    for (int i = 0; i < 8; ++i) a.val[i] = vmulq_f64(a.val[i], b.val[i]);
    return a;
  }
  static Doubles SubWide(Doubles a, Doubles b) {
    for (int i = 0; i < 8; ++i) a.val[i] = vsubq_f64(a.val[i], b.val[i]);
    return a;
  }
  static Doubles AddWide(Doubles a, Doubles b) {
    for (int i = 0; i < 8; ++i) a.val[i] = vaddq_f64(a.val[i], b.val[i]);
    return a;
  }
  static Doubles MaxWide(Doubles a, Doubles b) {
    for (int i = 0; i < 8; ++i) a.val[i] = vmaxq_f64(a.val[i], b.val[i]);
    return a;
  }
  static Doubles AbsWide(Doubles a) {
    for (float64x2_t& pair : a.val) pair = vabsq_f64(pair);
    return a;
  }
  static double LargestWide(Doubles lanes) {
    float64x2_t largest = lanes.val[0];
    for (const float64x2_t pair : lanes.val) largest = vmaxq_f64(largest, pair);
    return vmaxvq_f64(largest);
  }

  static float Sum(Floats lanes) {
    const float32x4_t sum4 =
        vaddq_f32(vaddq_f32(lanes.val[0], lanes.val[2]), vaddq_f32(lanes.val[1], lanes.val[3]));
    return vpadds_f32(vadd_f32(vget_low_f32(sum4), vget_high_f32(sum4)));
  }
  static double SumWide(Doubles lanes) {
    for (int width = 4; width > 0; width /= 2) {
      for (int i = 0; i < width; ++i) {
        lanes.val[i] = vaddq_f64(lanes.val[i], lanes.val[i + width]);
      }
    }
    return vpaddd_f64(lanes.val[0]);
  }

  // Adds the products of 128 components to 4 sums.
  static int32x4_t AddPlane(int32x4_t sum, const int8_t* query, const uint8_t* plane) {
    const uint8x16_t half = vdupq_n_u8(15);
    for (size_t i = 0; i < kPlaneLanes / 2; i += 16) {
      const uint8x16_t pairs = vld1q_u8(plane + i);
      const int8x16_t low = vreinterpretq_s8_u8(vandq_u8(pairs, half));
      const int8x16_t high = vreinterpretq_s8_u8(vshrq_n_u8(pairs, 4));
      sum = AddProducts16<kSdot>(sum, vld1q_s8(query + i), low);
      sum = AddProducts16<kSdot>(sum, vld1q_s8(query + kPlaneLanes / 2 + i), high);
    }
    return sum;
  }

  static int32_t DotPlane(const int8_t* query, const uint8_t* plane, size_t n) {
    int32x4_t sum = vdupq_n_s32(0);
    for (size_t i = 0; i < n; i += kPlaneLanes) sum = AddPlane(sum, query + i, plane + i / 2);
    return vaddvq_s32(sum);
  }

  static void DotPlane4(const int8_t* query, const uint8_t* const* planes, size_t n, int32_t* out) {
    int32x4_t sums[4];
    for (int32x4_t& sum : sums) sum = vdupq_n_s32(0);
    for (size_t i = 0; i < n; i += kPlaneLanes) {
      for (int r = 0; r < 4; ++r) sums[r] = AddPlane(sums[r], query + i, planes[r] + i / 2);
    }
    for (int r = 0; r < 4; ++r) out[r] = vaddvq_s32(sums[r]);
  }

  static size_t InsertIntoLine(int64_t* line, int64_t front, int64_t bound, int64_t key) {
    const int64x2_t bounds = vdupq_n_s64(bound);
    int64_t moved_up = 0;  // negative
    for (size_t i = kLineKeys; i > 0; i -= 2) {
      int64_t* pair = line + i - 2;
      const int64x2_t keys = vld1q_s64(pair);
      const int64x2_t moved = vextq_s64(vdupq_n_s64(i == 2 ? front : pair[-1]), keys, 1);
      const uint64x2_t move = vcltq_s64(keys, bounds);
      const uint64x2_t follow = vcltq_s64(moved, bounds);
      const int64x2_t behind = vbslq_s64(follow, moved, vdupq_n_s64(key));
      vst1q_s64(pair, vbslq_s64(move, behind, keys));
      moved_up += vaddvq_s64(vreinterpretq_s64_u64(move));
    }
    return kLineKeys + static_cast<size_t>(moved_up);
  }

  static void Prefetch(const void* at) {
#if defined(_MSC_VER) && !defined(__clang__)
    __prefetch(at);
#else
    __builtin_prefetch(at);
#endif
  }
};

}  // namespace

constinit const Kernels kNeon = MakeKernels<Neon<false>>("neon");
constinit const Kernels kNeonDot = MakeKernels<Neon<true>>("neon");

}  // namespace skalar::simd

#endif  // SKALAR_SIMD_AARCH64
