#include "os/file_lock.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/file.h>

#include <cerrno>
#endif

namespace skalar::os {

#if defined(_WIN32)

bool TryLockFile(intptr_t file, bool shared) {
  const auto handle = reinterpret_cast<HANDLE>(file);
  OVERLAPPED beyond{};
  // A byte behind the end of any file, since others could not read what is locked.
  beyond.OffsetHigh = 0x7fffffff;
  UnlockFileEx(handle, 0, 1, 0, &beyond);
  const DWORD flags = (shared ? 0 : LOCKFILE_EXCLUSIVE_LOCK) | LOCKFILE_FAIL_IMMEDIATELY;
  return LockFileEx(handle, flags, 0, 1, 0, &beyond) || GetLastError() != ERROR_LOCK_VIOLATION;
}

#else

bool TryLockFile(intptr_t file, bool shared) {
  const int operation = (shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  return flock(static_cast<int>(file), operation) == 0 || errno != EWOULDBLOCK;
}

#endif

}  // namespace skalar::os
