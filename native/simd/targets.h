#ifndef SKALAR_SIMD_TARGETS_H_
#define SKALAR_SIMD_TARGETS_H_

#include <cstddef>

#include "simd/kernels.h"

// What dispatch.cc and the target files share; callers of the kernels need only kernels.h.

#if defined(__x86_64__) || defined(_M_X64)
#define SKALAR_SIMD_X86_64 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define SKALAR_SIMD_AARCH64 1
#endif

namespace skalar::simd {

extern const Kernels kScalar;
#if defined(SKALAR_SIMD_X86_64)
extern const Kernels kAvx2;
extern const Kernels kAvx512;

// Whether the CPU has the instructions and the operating system saves their registers.
bool CpuSupportsAvx2();    // with FMA3
bool CpuSupportsAvx512();  // with VNNI
#elif defined(SKALAR_SIMD_AARCH64)
extern const Kernels kNeon;
extern const Kernels kNeonDot;  // with the dot product instructions of ARMv8.2

bool CpuSupportsSdot();
#endif

struct Selection {
  const Kernels* kernels;
  char unavailable[32];  // empty when the request was honoured or absent
};

// The rule behind Active(); requested may be null.
Selection Select(const char* requested);

}  // namespace skalar::simd

#endif  // SKALAR_SIMD_TARGETS_H_
