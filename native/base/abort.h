#ifndef SKALAR_BASE_ABORT_H_
#define SKALAR_BASE_ABORT_H_

#include <atomic>
#include <cstdint>

namespace skalar {

// A flag that another thread may raise, once: work is to stop within a millisecond. Null: it never
// is. Its values are those of AbortFlag in src/engine/engine.ts.
using AbortFlag = const std::atomic<int32_t>*;

inline constexpr int32_t kAbort = 1;      // nobody wants an answer any more
inline constexpr int32_t kOutOfTime = 2;  // what was found so far is the answer

inline int32_t ValueOf(AbortFlag flag) {
  return flag == nullptr ? 0 : flag->load(std::memory_order_relaxed);
}

inline bool IsStopped(AbortFlag flag) { return ValueOf(flag) != 0; }
inline bool IsAborted(AbortFlag flag) { return ValueOf(flag) == kAbort; }

}  // namespace skalar

#endif  // SKALAR_BASE_ABORT_H_
