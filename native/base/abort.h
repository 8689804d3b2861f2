#ifndef SKALAR_BASE_ABORT_H_
#define SKALAR_BASE_ABORT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace skalar {

inline constexpr int32_t kAbort = 1;      // nobody wants an answer any more
inline constexpr int32_t kOutOfTime = 2;  // what was found so far is the answer

// A flag that another thread may raise, once: work is to stop within a millisecond. Null: it never
// is. Its values are those of AbortFlag in src/engine/engine.ts. A second one may stand behind it:
// work stops when either is raised.
class AbortFlag {
 public:
  using Value = const std::atomic<int32_t>*;

  AbortFlag(std::nullptr_t = nullptr) {}
  AbortFlag(Value flag) : first_(flag) {}

  // Requires: there is one at most so far.
  AbortFlag Or(Value flag) const {
    AbortFlag both = *this;
    both.second_ = flag;
    return both;
  }

  int32_t value() const {
    const int32_t first = Load(first_);
    return first != 0 ? first : Load(second_);
  }

 private:
  static int32_t Load(Value flag) {
    return flag == nullptr ? 0 : flag->load(std::memory_order_relaxed);
  }

  Value first_ = nullptr;
  Value second_ = nullptr;
};

inline bool IsStopped(const AbortFlag& flag) { return flag.value() != 0; }
inline bool IsAborted(const AbortFlag& flag) { return flag.value() == kAbort; }

}  // namespace skalar

#endif  // SKALAR_BASE_ABORT_H_
