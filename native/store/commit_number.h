// The number of the last commit, where LMDB keeps it for all processes, in `lock.mdb`: writers
// begin with it, and readers read what it stands for.
//
// LMDB's locks belong to the process, and end as soon as it closes any descriptor of that file. So
// each file is opened here while nobody else in the process has it open, mapped, and closed again;
// and the mapping is shared by all who ask for the same file, until the last one has let go.
// Whoever asks does so before LMDB opens the file, and lets go after LMDB has closed it.
//
// Thread safety: everything may be called from any thread.

#ifndef SKALAR_STORE_COMMIT_NUMBER_H_
#define SKALAR_STORE_COMMIT_NUMBER_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "os/mapping.h"

namespace skalar {

class CommitNumber {
 public:
  // Null where there is no such file that can be written, or no memory to be had.
  static std::shared_ptr<CommitNumber> Of(const char* path);

  // Makes it `least` where it is less; whether it was.
  bool RaiseTo(uint64_t least);

 private:
  explicit CommitNumber(os::Mapping mapping) : mapping_(std::move(mapping)) {}

  const os::Mapping mapping_;
};

}  // namespace skalar

#endif  // SKALAR_STORE_COMMIT_NUMBER_H_
