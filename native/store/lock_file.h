// LMDB's `lock.mdb`, as far as LMDB leaves things to be put right there.
//
// 1. The number of the last commit, which writers begin with, and readers read what it stands for:
//    whoever opens a database sets it back when others commit at that moment (`mdb_env_open2`).
// 2. The last process to close a database destroys its locks, while one that opens it may be
//    waiting to take them for whole (`mdb_env_close_active`). It does so when it gets an
//    exclusive lock on the first byte; so each process that has the database open holds a shared
//    one, of its own, until LMDB has closed the file.
//
// LMDB's own locks on the file belong to the process, and end as soon as it closes any descriptor
// of it. So all who ask for the same file share one descriptor, which is open until the last one
// has let go. Whoever asks does so before LMDB opens the file, and lets go after LMDB has closed
// it.
//
// Thread safety: everything may be called from any thread.

#ifndef SKALAR_STORE_LOCK_FILE_H_
#define SKALAR_STORE_LOCK_FILE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "os/mapping.h"

namespace skalar {

class LockFile {
 public:
  // Null where there is no such file that can be written, or no memory to be had.
  static std::shared_ptr<LockFile> Of(const char* path);

  // Once LMDB has opened it: from now on no locks are destroyed.
  void Hold();

  // Makes the number of the last commit `least` where it is less; whether it was.
  bool RaiseTo(uint64_t least);

 private:
  LockFile(os::File file, os::Mapping mapping)
      : file_(std::move(file)), mapping_(std::move(mapping)) {}

  os::File file_;
  const os::Mapping mapping_;
};

}  // namespace skalar

#endif  // SKALAR_STORE_LOCK_FILE_H_
