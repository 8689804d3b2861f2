#ifndef SKALAR_BASE_PREFETCH_H_
#define SKALAR_BASE_PREFETCH_H_

#include <cstddef>

namespace skalar {

// Asks for the cache lines of `bytes` from `at` on, a cache line's beginning.
inline void Prefetch(const void* at, size_t bytes = 1) {
#if defined(__GNUC__)
  constexpr size_t kCacheLine = 64;
  for (size_t i = 0; i < bytes; i += kCacheLine) {
    __builtin_prefetch(static_cast<const char*>(at) + i);
  }
#else
  static_cast<void>(at);
  static_cast<void>(bytes);
#endif
}

}  // namespace skalar

#endif  // SKALAR_BASE_PREFETCH_H_
