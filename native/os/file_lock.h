// A lock on a whole file that its holder loses with the file: by closing it, or by the end of the
// process, however that comes about.

#ifndef SKALAR_OS_FILE_LOCK_H_
#define SKALAR_OS_FILE_LOCK_H_

#include <cstdint>

namespace skalar::os {

// Locks an open file, by its descriptor in the C library (a HANDLE on Windows), for oneself or
// shared with all who ask so, against all others, in this process and in others; in place of the
// lock that it had through this descriptor. Does not wait: false where somebody has the file, and
// then it has none. It has nothing to do with the locks of fcntl. Where the system knows no such
// locks it is true.
bool TryLockFile(intptr_t file, bool shared);

}  // namespace skalar::os

#endif  // SKALAR_OS_FILE_LOCK_H_
