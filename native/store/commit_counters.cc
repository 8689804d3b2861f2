#include "store/commit_counters.h"

#include <new>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace skalar {

#if defined(_WIN32)

Status CommitCounters::Open(const char*, bool, std::unique_ptr<CommitCounters>*) {
  return Status::Ok();
}

CommitCounters::~CommitCounters() = default;

#else

Status CommitCounters::Open(const char* path, bool writable,
                            std::unique_ptr<CommitCounters>* counters) {
  const int file = open(path, (writable ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0666);
  if (file < 0) {
    return writable ? Status::Unusable("the file of the commit counters cannot be opened")
                    : Status::Ok();
  }
  // Behind the counters, so that those of others are never written over; and written rather than
  // left as a hole, so that a full disk is told of here.
  const char end = 0;
  const bool long_enough = writable
                               ? pwrite(file, &end, 1, sizeof(Counters)) == 1
                               : lseek(file, 0, SEEK_END) > static_cast<off_t>(sizeof(Counters));
  void* mapped = MAP_FAILED;
  if (long_enough) {
    mapped = mmap(nullptr, sizeof(Counters), writable ? PROT_READ | PROT_WRITE : PROT_READ,
                  MAP_SHARED, file, 0);
  }
  close(file);
  if (mapped == MAP_FAILED) {
    return writable ? Status::Unusable("the commit counters cannot be mapped") : Status::Ok();
  }
  counters->reset(new (std::nothrow) CommitCounters(mapped));
  if (*counters != nullptr) return Status::Ok();
  munmap(mapped, sizeof(Counters));
  return Status::OutOfMemory("no memory for the commit counters");
}

CommitCounters::~CommitCounters() { munmap(counters_, sizeof(Counters)); }

#endif

uint64_t CommitCounters::Begin() { return counters_->begun.fetch_add(1) + 1; }

void CommitCounters::End(uint64_t number) {
  uint64_t ended = counters_->ended.load();
  while (ended < number && !counters_->ended.compare_exchange_weak(ended, number)) continue;
}

std::optional<uint64_t> CommitCounters::Settled() const {
  const uint64_t begun = counters_->begun.load();
  if (counters_->ended.load() != begun) return std::nullopt;
  return begun;
}

}  // namespace skalar
