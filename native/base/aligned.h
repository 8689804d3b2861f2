// Cache-line aligned arrays that report a failed allocation instead of throwing.

#ifndef SKALAR_BASE_ALIGNED_H_
#define SKALAR_BASE_ALIGNED_H_

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace skalar {

inline constexpr size_t kCacheLine = 64;

struct AlignedDelete {
  void operator()(void* memory) const { ::operator delete (memory, std::align_val_t{kCacheLine}); }
};

template <typename T>
using AlignedArray = std::unique_ptr<T[], AlignedDelete>;

// An uninitialized array of `count` trivial elements at a cache-line boundary; null when there is
// no memory. Pages are only touched, and so only resident, once they are written.
template <typename T>
AlignedArray<T> AllocateAligned(size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  void* memory = ::operator new (count * sizeof(T), std::align_val_t{kCacheLine}, std::nothrow);
  return AlignedArray<T>(static_cast<T*>(memory));
}

}  // namespace skalar

#endif  // SKALAR_BASE_ALIGNED_H_
