#include "store/commit_counters.h"

#include <new>

#include "os/file.h"

namespace skalar {

Status CommitCounters::Open(const char* path, bool writable,
                            std::unique_ptr<CommitCounters>* counters) {
  os::File file = os::File::Open(path, writable ? os::File::Mode::kCreate : os::File::Mode::kRead);
  if (!file.is_open()) {
    return writable ? Status::Unusable("the file of the commit counters cannot be opened")
                    : Status::Ok();
  }
  // Behind the counters, so that those of others are never written over; and written rather than
  // left as a hole, so that a full disk is told of here.
  const char end = 0;
  const bool long_enough =
      writable ? file.Write(&end, 1, sizeof(Counters)) : file.size() > sizeof(Counters);
  os::Mapping mapping;
  if (long_enough) {
    const auto access = writable ? os::Mapping::Access::kShared : os::Mapping::Access::kRead;
    mapping = os::Mapping::Map(file, access, 0, sizeof(Counters));
  }
  if (mapping.data() == nullptr) {
    return writable ? Status::Unusable("the commit counters cannot be mapped") : Status::Ok();
  }
  counters->reset(new (std::nothrow) CommitCounters(std::move(mapping)));
  return *counters != nullptr ? Status::Ok()
                              : Status::OutOfMemory("no memory for the commit counters");
}

uint64_t CommitCounters::Begin() { return counters().begun.fetch_add(1) + 1; }

void CommitCounters::End(uint64_t number) {
  uint64_t ended = counters().ended.load();
  while (ended < number && !counters().ended.compare_exchange_weak(ended, number)) continue;
}

std::optional<uint64_t> CommitCounters::Settled() const {
  const uint64_t begun = counters().begun.load();
  if (counters().ended.load() != begun) return std::nullopt;
  return begun;
}

}  // namespace skalar
