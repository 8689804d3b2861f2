#include "os/mapping.h"

#include <utility>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <sys/mman.h>
#endif

namespace skalar::os {

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this == &other) return *this;
  Unmap();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

#if defined(_WIN32)

Mapping Mapping::Map(const File& file, Access access, uint64_t offset, size_t size) {
  if (size == 0 || file.size() < offset + size) return {};
  const DWORD protection = access == Access::kRead      ? PAGE_READONLY
                           : access == Access::kPrivate ? PAGE_WRITECOPY
                                                        : PAGE_READWRITE;
  const DWORD wanted = access == Access::kRead      ? FILE_MAP_READ
                       : access == Access::kPrivate ? FILE_MAP_COPY
                                                    : FILE_MAP_READ | FILE_MAP_WRITE;
  const HANDLE section = CreateFileMappingW(file.handle(), nullptr, protection, 0, 0, nullptr);
  if (section == nullptr) return {};
  void* data = MapViewOfFile(section, wanted, static_cast<DWORD>(offset >> 32),
                             static_cast<DWORD>(offset), size);
  CloseHandle(section);
  return data == nullptr ? Mapping() : Mapping(data, size);
}

void Mapping::Forget() const {
  // The system takes them when it needs them.
}

void Mapping::Unmap() {
  if (data_ != nullptr) UnmapViewOfFile(data_);
}

#else

Mapping Mapping::Map(const File& file, Access access, uint64_t offset, size_t size) {
  if (size == 0 || file.size() < offset + size) return {};
  const int protection = access == Access::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
  const int flags = access == Access::kPrivate ? MAP_PRIVATE : MAP_SHARED;
  void* data = mmap(nullptr, size, protection, flags, file.handle(), static_cast<off_t>(offset));
  return data == MAP_FAILED ? Mapping() : Mapping(data, size);
}

void Mapping::Forget() const {
  // Only advice.
  if (data_ != nullptr) static_cast<void>(madvise(data_, size_, MADV_DONTNEED));
}

void Mapping::Unmap() {
  if (data_ != nullptr) munmap(data_, size_);
}

#endif

}  // namespace skalar::os
