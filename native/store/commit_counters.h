// Two counters that all processes with a database open share, in a mapped file: how many commits
// were begun, and the last of them that has ended. Who finds them unchanged need not ask the
// database whether anybody has committed.
//
//   0  u64  commits that were begun
//   8  u64  the highest number of one that has ended
//
// A writer begins while it holds the database's lock, before anything is visible to others, and
// ends before it tells anybody of its commit. So when all that was begun has ended, whatever
// anybody may know of is visible to a read from then on; and as long as the number stays, nothing
// else is. A process that dies in between leaves the counters apart until the next commit has
// ended: then readers ask, as they would without them.
//
// Thread safety: everything may be called from any thread.

#ifndef SKALAR_STORE_COMMIT_COUNTERS_H_
#define SKALAR_STORE_COMMIT_COUNTERS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/status.h"
#include "os/mapping.h"

namespace skalar {

class CommitCounters {
 public:
  // Maps a file; makes it where `writable`. Who only reads can do without: where there is none that
  // is whole, it is ok, and `counters` null.
  static Status Open(const char* path, bool writable, std::unique_ptr<CommitCounters>* counters);

  // The number of a commit that begins. Requires: opened as writable, and the database's lock.
  uint64_t Begin();
  // Also when it was not made.
  void End(uint64_t number);
  // The number of the last commit, if none is under way.
  std::optional<uint64_t> Settled() const;

 private:
  struct Counters {
    std::atomic<uint64_t> begun;
    std::atomic<uint64_t> ended;
  };
  static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(Counters) == 16);

  explicit CommitCounters(os::Mapping mapping) : mapping_(std::move(mapping)) {}
  Counters& counters() const { return *reinterpret_cast<Counters*>(mapping_.data()); }

  const os::Mapping mapping_;
};

}  // namespace skalar

#endif  // SKALAR_STORE_COMMIT_COUNTERS_H_
