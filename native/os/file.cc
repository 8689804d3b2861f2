#include "os/file.h"

#include <algorithm>
#include <utility>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <string>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace skalar::os {
namespace {

// No system takes more in one call.
constexpr size_t kMostAtOnce = size_t{1} << 30;

}  // namespace

File& File::operator=(File&& other) noexcept {
  if (this == &other) return *this;
  Close();
  handle_ = other.Release();
  return *this;
}

File::Handle File::Release() { return std::exchange(handle_, None()); }

#if defined(_WIN32)

namespace {

std::wstring Wide(const char* path) {
  const int length = MultiByteToWideChar(CP_UTF8, 0, path, -1, nullptr, 0);
  std::wstring wide(static_cast<size_t>(std::max(length, 1)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path, -1, wide.data(), length);
  return wide;
}

HANDLE OpenHandle(const char* path, DWORD access, DWORD disposition) {
  // Others may do as they please with it, as on other systems.
  const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  return CreateFileW(Wide(path).c_str(), access, share, nullptr, disposition, FILE_ATTRIBUTE_NORMAL,
                     nullptr);
}

}  // namespace

File::Handle File::None() { return INVALID_HANDLE_VALUE; }

bool File::is_open() const { return handle_ != INVALID_HANDLE_VALUE; }

File File::Open(const char* path, Mode mode) {
  const DWORD access = mode == Mode::kRead ? GENERIC_READ : GENERIC_READ | GENERIC_WRITE;
  const DWORD disposition = mode == Mode::kCreate    ? OPEN_ALWAYS
                            : mode == Mode::kReplace ? CREATE_ALWAYS
                                                     : OPEN_EXISTING;
  return File(OpenHandle(path, access, disposition));
}

std::optional<Identity> File::identity() const {
  BY_HANDLE_FILE_INFORMATION found;
  if (!GetFileInformationByHandle(handle_, &found)) return std::nullopt;
  const uint64_t high = found.nFileIndexHigh;
  return Identity{found.dwVolumeSerialNumber, high << 32 | found.nFileIndexLow};
}

std::optional<Identity> Identify(const char* path) {
  return File::Open(path, File::Mode::kRead).identity();
}

uint64_t File::size() const {
  LARGE_INTEGER size;
  return GetFileSizeEx(handle_, &size) ? static_cast<uint64_t>(size.QuadPart) : 0;
}

bool File::Write(const void* bytes, size_t size, uint64_t offset) {
  const char* next = static_cast<const char*>(bytes);
  while (size > 0) {
    OVERLAPPED at = {};
    at.Offset = static_cast<DWORD>(offset);
    at.OffsetHigh = static_cast<DWORD>(offset >> 32);
    DWORD written = 0;
    const auto part = static_cast<DWORD>(std::min(size, kMostAtOnce));
    if (!WriteFile(handle_, next, part, &written, &at) || written == 0) return false;
    next += written;
    size -= written;
    offset += written;
  }
  return true;
}

bool File::LockShared(uint64_t, uint64_t) {
  // Locks are mandatory there, and LMDB destroys nothing.
  return false;
}

bool File::Sync() { return FlushFileBuffers(handle_); }

void File::Close() {
  if (is_open()) CloseHandle(Release());
}

#else

namespace {

std::optional<Identity> IdentityOf(const struct stat& found) {
  return Identity{static_cast<uint64_t>(found.st_dev), static_cast<uint64_t>(found.st_ino)};
}

}  // namespace

File::Handle File::None() { return -1; }

bool File::is_open() const { return handle_ >= 0; }

File File::Open(const char* path, Mode mode) {
  const int flags = mode == Mode::kRead     ? O_RDONLY
                    : mode == Mode::kUpdate ? O_RDWR
                    : mode == Mode::kCreate ? O_RDWR | O_CREAT
                                            : O_RDWR | O_CREAT | O_TRUNC;
  return File(open(path, flags | O_CLOEXEC, 0666));
}

std::optional<Identity> File::identity() const {
  struct stat found;
  return fstat(handle_, &found) == 0 ? IdentityOf(found) : std::nullopt;
}

std::optional<Identity> Identify(const char* path) {
  struct stat found;
  return stat(path, &found) == 0 ? IdentityOf(found) : std::nullopt;
}

uint64_t File::size() const {
  struct stat found;
  return fstat(handle_, &found) == 0 ? static_cast<uint64_t>(found.st_size) : 0;
}

bool File::Write(const void* bytes, size_t size, uint64_t offset) {
  const char* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written =
        pwrite(handle_, next, std::min(size, kMostAtOnce), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    next += written;
    size -= static_cast<size_t>(written);
    offset += static_cast<size_t>(written);
  }
  return true;
}

bool File::LockShared([[maybe_unused]] uint64_t offset, [[maybe_unused]] uint64_t size) {
#if defined(F_OFD_SETLK)
  struct flock lock = {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(offset);
  lock.l_len = static_cast<off_t>(size);
  return fcntl(handle_, F_OFD_SETLK, &lock) == 0;
#else
  return false;
#endif
}

bool File::Sync() {
#if defined(__APPLE__)
  // fsync() leaves it in the cache of the drive there.
  if (fcntl(handle_, F_FULLFSYNC) == 0) return true;
#endif
  return fsync(handle_) == 0;
}

void File::Close() {
  if (is_open()) close(Release());
}

#endif

}  // namespace skalar::os
