#include "refused.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace skalar {
namespace {

constexpr size_t kNever = SIZE_MAX;

thread_local size_t left = kNever;  // times to grant
thread_local bool refuses_always = false;
thread_local bool happened = false;

bool IsGranted() {
  if (left == kNever) return true;
  if (left > 0) {
    --left;
    return true;
  }
  if (!refuses_always) left = kNever;
  happened = true;
  return false;
}

void* Allocate(size_t size, size_t alignment) {
  if (!IsGranted()) return nullptr;
  void* memory = nullptr;
  const size_t whole = std::max<size_t>(size, 1);
  if (alignment <= alignof(std::max_align_t)) return std::malloc(whole);
  return posix_memalign(&memory, alignment, whole) == 0 ? memory : nullptr;
}

void* AllocateOrThrow(size_t size, size_t alignment) {
  void* memory = Allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

Refusal::Refusal(size_t granted, Mode mode) {
  happened = false;
  refuses_always = mode == Mode::kAlways;
  left = granted;
}

Refusal::~Refusal() { left = kNever; }

bool Refusal::Happened() { return happened; }

}  // namespace skalar

using skalar::Allocate;
using skalar::AllocateOrThrow;

void* operator new(size_t size) { return AllocateOrThrow(size, 1); }
void* operator new[](size_t size) { return AllocateOrThrow(size, 1); }
void* operator new(size_t size, std::align_val_t alignment) {
  return AllocateOrThrow(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return AllocateOrThrow(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size, 1); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size, 1); }
void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return Allocate(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return Allocate(size, static_cast<size_t>(alignment));
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
