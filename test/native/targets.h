#ifndef SKALAR_TEST_TARGETS_H_
#define SKALAR_TEST_TARGETS_H_

#include <vector>

#include "simd/kernels.h"

namespace skalar::simd {

// The kernels that this machine can run.
inline std::vector<const Kernels*> Targets() {
  std::vector<const Kernels*> targets(kMaxTargets);
  targets.resize(Available(targets.data(), targets.size()));
  return targets;
}

}  // namespace skalar::simd

#endif  // SKALAR_TEST_TARGETS_H_
