// std::atomic_ref, also for standard libraries that have none yet (libc++ before LLVM 19).

#ifndef SKALAR_BASE_ATOMIC_REF_H_
#define SKALAR_BASE_ATOMIC_REF_H_

#include <atomic>
#include <version>

namespace skalar {

#if defined(__cpp_lib_atomic_ref)

template <class T>
using AtomicRef = std::atomic_ref<T>;

#else

// As much of it as is used here, by the builtins of GCC and Clang.
template <class T>
class AtomicRef {
 public:
  explicit AtomicRef(T& value) : value_(value) {}

  T load(std::memory_order order = std::memory_order_seq_cst) const {
    return __atomic_load_n(&value_, static_cast<int>(order));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) const {
    __atomic_store_n(&value_, value, static_cast<int>(order));
  }
  T fetch_add(T value) const { return __atomic_fetch_add(&value_, value, __ATOMIC_SEQ_CST); }
  T fetch_sub(T value) const { return __atomic_fetch_sub(&value_, value, __ATOMIC_SEQ_CST); }

 private:
  T& value_;
};

#endif

}  // namespace skalar

#endif  // SKALAR_BASE_ATOMIC_REF_H_
