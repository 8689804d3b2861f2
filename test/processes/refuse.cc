// Refuses memory to the addon, and to nobody else in the process: a library to be preloaded, for
// memory.test.ts. Its orders are in the file that SKALAR_REFUSE names, which the process writes to:
//
//   0   i64  how often memory is still granted; negative: always
//   8   i64  whether it is refused once only, or from then on
//   16  i64  how often it was refused

#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace {

struct Orders {
  std::atomic<int64_t> granted;
  std::atomic<int64_t> once;
  std::atomic<int64_t> refused;
};

Orders* orders = nullptr;

__attribute__((constructor)) void Open() {
  const char* path = getenv("SKALAR_REFUSE");
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  void* mapped = mmap(nullptr, sizeof(Orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) orders = static_cast<Orders*>(mapped);
}

// Where the addon lies, once it is loaded.
std::atomic<uintptr_t> addon_begin{0};
std::atomic<uintptr_t> addon_end{0};

int FindAddon(dl_phdr_info* object, size_t, void*) {
  if (strstr(object->dlpi_name, "skalar.node") == nullptr) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    addon_begin = object->dlpi_addr + segment.p_vaddr;
    addon_end = addon_begin + segment.p_memsz;
  }
  return 1;
}

bool IsOfAddon(void* caller) {
  if (addon_end == 0) dl_iterate_phdr(FindAddon, nullptr);
  const auto address = reinterpret_cast<uintptr_t>(caller);
  return address >= addon_begin && address < addon_end;
}

bool IsRefused(void* caller) {
  if (orders == nullptr || orders->granted < 0 || !IsOfAddon(caller)) return false;
  int64_t granted = orders->granted;
  while (granted > 0 && !orders->granted.compare_exchange_weak(granted, granted - 1)) continue;
  if (granted != 0) return false;
  if (orders->once != 0) orders->granted = -1;
  ++orders->refused;
  return true;
}

void* Allocate(size_t size, size_t alignment, void* caller) {
  if (IsRefused(caller)) return nullptr;
  const size_t whole = size > 0 ? size : 1;
  void* memory = nullptr;
  if (alignment <= alignof(std::max_align_t)) return malloc(whole);
  return posix_memalign(&memory, alignment, whole) == 0 ? memory : nullptr;
}

void* AllocateOrThrow(size_t size, size_t alignment, void* caller) {
  void* memory = Allocate(size, alignment, caller);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

#define CALLER __builtin_return_address(0)

void* operator new(size_t size) { return AllocateOrThrow(size, 1, CALLER); }
void* operator new[](size_t size) { return AllocateOrThrow(size, 1, CALLER); }
void* operator new(size_t size, std::align_val_t alignment) {
  return AllocateOrThrow(size, static_cast<size_t>(alignment), CALLER);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, 1, CALLER);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, 1, CALLER);
}
void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return Allocate(size, static_cast<size_t>(alignment), CALLER);
}

void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { free(memory); }
