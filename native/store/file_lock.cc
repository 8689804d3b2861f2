#include "store/file_lock.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/file.h>

#include <cerrno>
#endif

namespace skalar {

#if defined(_WIN32)

bool TryLockFile(intptr_t file) {
  OVERLAPPED beyond{};
  // A byte behind the end of any file, since others could not read what is locked.
  beyond.OffsetHigh = 0x7fffffff;
  const DWORD flags = LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY;
  return LockFileEx(reinterpret_cast<HANDLE>(file), flags, 0, 1, 0, &beyond) ||
         GetLastError() != ERROR_LOCK_VIOLATION;
}

#else

bool TryLockFile(intptr_t file) {
  return flock(static_cast<int>(file), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

#endif

}  // namespace skalar
