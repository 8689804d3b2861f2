#ifndef SKALAR_BASE_ABORT_H_
#define SKALAR_BASE_ABORT_H_

#include <atomic>
#include <cstdint>

namespace skalar {

// A flag that another thread may raise to any value but 0: work is to stop soon. Null: it never is.
using AbortFlag = const std::atomic<int32_t>*;

inline bool IsAborted(AbortFlag flag) {
  return flag != nullptr && flag->load(std::memory_order_relaxed) != 0;
}

}  // namespace skalar

#endif  // SKALAR_BASE_ABORT_H_
