#ifndef SKALAR_BASE_PREFETCH_H_
#define SKALAR_BASE_PREFETCH_H_

#include <cstddef>

#include "base/aligned.h"

namespace skalar {

// For functions that do nothing but ask for memory: GCC takes those for functions without effect,
// and drops calls of them unless they are inlined before it looks.
#if defined(__GNUC__)
#define SKALAR_ONLY_FETCHES [[gnu::always_inline]]
#else
#define SKALAR_ONLY_FETCHES
#endif

// Asks for the cache lines of `bytes` from `at` on, a cache line's beginning. Into the second-level
// cache: the first level can wait for a few lines only, and who asks for more stands still.
SKALAR_ONLY_FETCHES inline void Prefetch(const void* at, size_t bytes = 1) {
#if defined(__GNUC__)
  constexpr int kSecondLevel = 2;
  for (size_t i = 0; i < bytes; i += kCacheLine) {
    __builtin_prefetch(static_cast<const char*>(at) + i, 0, kSecondLevel);
  }
#else
  static_cast<void>(at);
  static_cast<void>(bytes);
#endif
}

}  // namespace skalar

#endif  // SKALAR_BASE_PREFETCH_H_
