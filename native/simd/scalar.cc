// Plain C++ for any CPU: the fallback, and what the other targets are compared with. Compilers turn
// the loops over lanes into the baseline's vector instructions.

#include <algorithm>
#include <cmath>

#include "simd/kernels-inl.h"
#include "simd/kernels.h"
#include "simd/targets.h"

namespace skalar::simd {
namespace {

template <class Element>
struct Lanes {
  Element at[kLanes];
};

template <class Element>
Element Fold(Lanes<Element> lanes) {
  for (size_t width = kLanes / 2; width > 0; width /= 2) {
    for (size_t j = 0; j < width; ++j) lanes.at[j] += lanes.at[j + width];
  }
  return lanes.at[0];
}

template <class Number>
struct ScalarTile {
  using Element = Number;
  using Vector = Number;
  static constexpr size_t kLanes = 1;
  static constexpr size_t kRows = 4;
  static constexpr size_t kLeftStride = 4;
  static constexpr size_t kVectors = 4;

  static Vector Zero() { return 0; }
  template <class From>
  static Vector Load(const From* from) {
    return *from;
  }
  static Vector Broadcast(const Number* from) { return *from; }
  static void Store(Number* to, Vector value) { *to = value; }
  // An instruction where the baseline has one, else a call of the C library's.
  static Vector MulAdd(Vector a, Vector b, Vector sum) { return std::fma(a, b, sum); }
  static Vector Add(Vector a, Vector b) { return a + b; }
  static Vector Sub(Vector a, Vector b) { return a - b; }
  static Vector Abs(Vector a) { return std::fabs(a); }
  static Vector Max(Vector a, Vector b) { return std::max(a, b); }
};

struct Scalar {
  using FloatTile = ScalarTile<float>;
  using DoubleTile = ScalarTile<double>;
  static constexpr size_t kAbreast = 1;

  using Floats = Lanes<float>;
  using Doubles = Lanes<double>;

  static Floats Zero() { return {}; }
  static Floats Load(const float* from) {
    Floats result;
    for (size_t j = 0; j < kLanes; ++j) result.at[j] = from[j];
    return result;
  }
  static Floats MulAdd(const Floats& a, const Floats& b, Floats sum) {
    for (size_t j = 0; j < kLanes; ++j) sum.at[j] += a.at[j] * b.at[j];
    return sum;
  }
  static Floats Add(Floats a, const Floats& b) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] += b.at[j];
    return a;
  }

  static Floats Splat(float value) {
    Floats result;
    for (float& lane : result.at) lane = value;
    return result;
  }
  static Floats MulSub(Floats a, const Floats& b, const Floats& c) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] = a.at[j] * b.at[j] - c.at[j];
    return a;
  }
  static Floats Max(Floats a, const Floats& b) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] = a.at[j] < b.at[j] ? b.at[j] : a.at[j];
    return a;
  }
  static Floats Abs(Floats a) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] = a.at[j] < 0 ? -a.at[j] : a.at[j];
    return a;
  }
  static float Largest(const Floats& lanes) {
    float largest = 0;
    for (const float lane : lanes.at) largest = largest < lane ? lane : largest;
    return largest;
  }

  static Doubles ZeroWide() { return {}; }
  static Doubles Broadcast(double value) {
    Doubles result;
    for (double& lane : result.at) lane = value;
    return result;
  }
  static Doubles Widen(const float* from) {
    Doubles result;
    for (size_t j = 0; j < kLanes; ++j) result.at[j] = from[j];
    return result;
  }
  static Doubles LoadWide(const double* from) {
    Doubles result;
    for (size_t j = 0; j < kLanes; ++j) result.at[j] = from[j];
    return result;
  }
  static void StoreWide(double* to, const Doubles& x) {
    for (size_t j = 0; j < kLanes; ++j) to[j] = x.at[j];
  }
  static Doubles MulAddWide(const Doubles& a, const Doubles& b, Doubles sum) {
    for (size_t j = 0; j < kLanes; ++j) sum.at[j] += a.at[j] * b.at[j];
    return sum;
  }
  static Doubles FusedWide(const Doubles& a, const Doubles& b, Doubles sum) {
    for (size_t j = 0; j < kLanes; ++j) sum.at[j] = std::fma(a.at[j], b.at[j], sum.at[j]);
    return sum;
  }
  static Doubles MulWide(Doubles a, const Doubles& b) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] *= b.at[j];
    return a;
  }
  static Doubles SubWide(Doubles a, const Doubles& b) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] -= b.at[j];
    return a;
  }
  static Doubles AddWide(Doubles a, const Doubles& b) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] += b.at[j];
    return a;
  }

  static Doubles MaxWide(Doubles a, const Doubles& b) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] = a.at[j] < b.at[j] ? b.at[j] : a.at[j];
    return a;
  }
  static Doubles AbsWide(Doubles a) {
    for (size_t j = 0; j < kLanes; ++j) a.at[j] = a.at[j] < 0 ? -a.at[j] : a.at[j];
    return a;
  }

  static float Sum(const Floats& lanes) { return Fold(lanes); }
  static double SumWide(const Doubles& lanes) { return Fold(lanes); }
  static double LargestWide(const Doubles& lanes) {
    double largest = 0;
    for (const double lane : lanes.at) largest = largest < lane ? lane : largest;
    return largest;
  }

  static int32_t DotPlane(const int8_t* query, const uint8_t* plane, size_t n) {
    constexpr size_t kHalf = kPlaneLanes / 2;
    int32_t sum = 0;
    for (size_t i = 0; i < n; i += kPlaneLanes) {
      for (size_t j = 0; j < kHalf; ++j) {
        const uint8_t pair = plane[i / 2 + j];
        sum += query[i + j] * (pair & 15) + query[i + kHalf + j] * (pair >> 4);
      }
    }
    return sum;
  }

  static void DotPlane4(const int8_t* query, const uint8_t* const* planes, size_t n, int32_t* out) {
    for (int r = 0; r < 4; ++r) out[r] = DotPlane(query, planes[r], n);
  }

  static size_t InsertIntoLine(int64_t* line, int64_t front, int64_t bound, int64_t key) {
    size_t before = kLineKeys;
    for (; before > 0 && line[before - 1] < bound; --before) {
      const int64_t moved = before == 1 ? front : line[before - 2];
      line[before - 1] = moved < bound ? moved : key;
    }
    return before;
  }

  static void Prefetch([[maybe_unused]] const void* at) {
#if defined(__GNUC__)
    __builtin_prefetch(at);
#endif
  }
};

}  // namespace

constinit const Kernels kScalar = MakeKernels<Scalar>("scalar");

}  // namespace skalar::simd
