#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "simd/kernels.h"
#include "simd/targets.h"

#if defined(SKALAR_SIMD_X86_64)
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

#if defined(SKALAR_SIMD_AARCH64) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace skalar::simd {

#if defined(SKALAR_SIMD_X86_64)

// Which x86-64 instruction sets may be used: Intel SDM vol. 1, sections 14.3, 14.7 and 15.2.

namespace {

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

// All zero when the CPU does not know the leaf.
Registers Cpuid(uint32_t leaf) {
  Registers out = {0, 0, 0, 0};
#if defined(_MSC_VER)
  int raw[4];
  __cpuid(raw, 0);
  if (static_cast<uint32_t>(raw[0]) < leaf) return out;
  __cpuidex(raw, static_cast<int>(leaf), 0);
  out = {static_cast<uint32_t>(raw[0]), static_cast<uint32_t>(raw[1]),
         static_cast<uint32_t>(raw[2]), static_cast<uint32_t>(raw[3])};
#else
  __get_cpuid_count(leaf, 0, &out.eax, &out.ebx, &out.ecx, &out.edx);
#endif
  return out;
}

// XCR0: the register files the operating system saves. Only valid when CPUID reports OSXSAVE.
uint64_t EnabledStates() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
#endif
}

bool HasBits(uint64_t value, uint64_t bits) { return (value & bits) == bits; }

constexpr uint32_t kFma = 1u << 12;         // leaf 1, ecx
constexpr uint32_t kOsXsave = 1u << 27;     // leaf 1, ecx
constexpr uint32_t kAvx = 1u << 28;         // leaf 1, ecx
constexpr uint32_t kAvx2Bit = 1u << 5;      // leaf 7, ebx
constexpr uint32_t kAvx512f = 1u << 16;     // leaf 7, ebx
constexpr uint32_t kAvx512Vnni = 1u << 11;  // leaf 7, ecx
constexpr uint64_t kYmmState = 0x06;        // XMM and upper halves of YMM
constexpr uint64_t kZmmState = 0xE6;        // and mask registers, upper halves of ZMM, ZMM16-31

}  // namespace

bool CpuSupportsAvx2() {
  return HasBits(Cpuid(1).ecx, kFma | kOsXsave | kAvx) && HasBits(EnabledStates(), kYmmState) &&
         HasBits(Cpuid(7).ebx, kAvx2Bit);
}

bool CpuSupportsAvx512() {
  return CpuSupportsAvx2() && HasBits(EnabledStates(), kZmmState) &&
         HasBits(Cpuid(7).ebx, kAvx512f) && HasBits(Cpuid(7).ecx, kAvx512Vnni);
}

#elif defined(SKALAR_SIMD_AARCH64)

bool CpuSupportsSdot() {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif defined(__APPLE__)
  return true;  // Every Apple silicon Mac.
#else
  return false;
#endif
}

#endif

namespace {

const Selection& Selected() {
  static const Selection selection = Select(std::getenv("SKALAR_SIMD"));
  return selection;
}

}  // namespace

size_t Available(const Kernels* out[], size_t max) {
  size_t count = 0;
  const auto add = [&](const Kernels& kernels) {
    if (count < max) out[count++] = &kernels;
  };
#if defined(SKALAR_SIMD_X86_64)
  if (CpuSupportsAvx512()) add(kAvx512);
  if (CpuSupportsAvx2()) add(kAvx2);
#elif defined(SKALAR_SIMD_AARCH64)
  add(CpuSupportsSdot() ? kNeonDot : kNeon);
#endif
  add(kScalar);
  return count;
}

const Kernels* Find(const char* name) {
  const Kernels* available[kMaxTargets];
  const size_t count = Available(available, kMaxTargets);
  for (size_t i = 0; i < count; ++i) {
    if (std::strcmp(available[i]->name, name) == 0) return available[i];
  }
  return nullptr;
}

Selection Select(const char* requested) {
  Selection selection = {};
  Available(&selection.kernels, 1);
  if (requested == nullptr || *requested == '\0') return selection;
  if (const Kernels* found = Find(requested)) {
    selection.kernels = found;
  } else {
    // A copy, since a later change of the environment may move the original.
    std::strncpy(selection.unavailable, requested, sizeof(selection.unavailable) - 1);
  }
  return selection;
}

const Kernels& Active() { return *Selected().kernels; }

const char* ForcedButUnavailable() {
  const char* name = Selected().unavailable;
  return *name == '\0' ? nullptr : name;
}

// Let u = 2^-24, the unit roundoff of float32, and m = n / kLanes. Each product a_i b_i of the
// result has passed through at most
//   1      rounding of the product itself (none where it is fused into an addition),
//   m - 1  additions inside its lane: no tree that joins m terms is deeper, so this covers any
//          number of accumulators and any order in which they are joined,
//   4      additions folding 16 lanes into one,
// so k = m + 4 factors (1 + δ), |δ| <= u, whose product differs from 1 by at most
// γ_k = ku / (1 - ku) (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., lemma 3.1
// and section 3.1). The error is then at most γ_k Σ|a_i b_i|, and by Cauchy-Schwarz
// Σ|a_i b_i| <= |a||b|. One factor more pays for norms rounded in float64.
double DotErrorFactor(size_t n) {
  constexpr double kUnitRoundoff = 0x1p-24;
  const double ku = static_cast<double>(n / kLanes + 5) * kUnitRoundoff;
  return ku / (1.0 - ku);
}

// Below 2^-126 a product or FMA rounds by up to 2^-150, half the spacing of subnormals, whatever
// its size (additions are exact there). There are n of them; twice that covers the factors
// 1 + γ_k that they pass through.
double DotUnderflowGuard(size_t n) { return static_cast<double>(n) * 0x1p-149; }

}  // namespace skalar::simd
