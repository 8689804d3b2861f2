// Aligned arrays; large ones report a failed allocation instead of throwing.

#ifndef SKALAR_BASE_ALIGNED_H_
#define SKALAR_BASE_ALIGNED_H_

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace skalar {

inline constexpr size_t kCacheLine = 64;
inline constexpr size_t kHugePage = size_t{1} << 21;

struct AlignedDelete {
  size_t alignment = kCacheLine;
  void operator()(void* memory) const { ::operator delete (memory, std::align_val_t{alignment}); }
};

template <typename T>
using AlignedArray = std::unique_ptr<T[], AlignedDelete>;

// An uninitialized array of `count` trivial elements at a cache-line boundary; null when there is
// no memory. Pages are only touched, and so only resident, once they are written.
template <typename T>
AlignedArray<T> AllocateAligned(size_t count, size_t alignment = kCacheLine) {
  static_assert(std::is_trivially_copyable_v<T>);
  void* memory = ::operator new (count * sizeof(T), std::align_val_t{alignment}, std::nothrow);
  return AlignedArray<T>(static_cast<T*>(memory), AlignedDelete{alignment});
}

// The same where std::bad_alloc is thrown, as containers do.
template <typename T>
AlignedArray<T> NewAligned(size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  void* memory = ::operator new (count * sizeof(T), std::align_val_t{kCacheLine});
  return AlignedArray<T>(static_cast<T*>(memory), AlignedDelete{kCacheLine});
}

// The same as AllocateAligned() in huge pages, as far as the array fills them and the system grants
// them: prefetchers stop at the end of a page, and there are fewer to map. A page is resident from
// its first write on.
template <typename T>
AlignedArray<T> AllocateHuge(size_t count) {
  AlignedArray<T> array = AllocateAligned<T>(count, kHugePage);
#if defined(__linux__)
  // Only advice: without it everything works, slower.
  if (array != nullptr) {
    static_cast<void>(
        madvise(array.get(), count * sizeof(T) / kHugePage * kHugePage, MADV_HUGEPAGE));
  }
#endif
  return array;
}

}  // namespace skalar

#endif  // SKALAR_BASE_ALIGNED_H_
