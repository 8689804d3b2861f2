#include "store/lock_file.h"

#include <mutex>
#include <utility>
#include <vector>

#include "os/file.h"

namespace skalar {
namespace {

// What LMDB begins the file with (MDB_txbody).
struct Head {
  uint32_t stamp;
  uint32_t format;
  std::atomic<uint64_t> last_commit;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(Head) == 16);

struct Known {
  os::Identity identity;
  std::weak_ptr<LockFile> file;
};

// Of all threads.
struct Registry {
  std::mutex mutex;
  std::vector<Known> known;

  std::shared_ptr<LockFile> Find(const os::Identity& identity) {
    std::erase_if(known, [](const Known& each) { return each.file.expired(); });
    for (const Known& each : known) {
      if (each.identity == identity) return each.file.lock();
    }
    return nullptr;
  }
};

Registry& TheRegistry() {
  // Never destroyed: threads may outlive main().
  static auto* const registry = new Registry;
  return *registry;
}

}  // namespace

std::shared_ptr<LockFile> LockFile::Of(const char* path) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const std::optional<os::Identity> identity = os::Identify(path);
  if (!identity) return nullptr;
  if (std::shared_ptr<LockFile> known = registry.Find(*identity)) return known;
  registry.known.reserve(registry.known.size() + 1);
  os::File file = os::File::Open(path, os::File::Mode::kUpdate);
  if (!file.is_open()) return nullptr;
  if (file.identity() != identity) {
    // Replaced a moment ago, perhaps by one that LMDB has open in this process.
    file.Release();
    return nullptr;
  }
  os::Mapping mapping = os::Mapping::Map(file, os::Mapping::Access::kShared, 0, sizeof(Head));
  if (mapping.data() == nullptr) return nullptr;
  const std::shared_ptr<LockFile> made(new LockFile(std::move(file), std::move(mapping)));
  registry.known.push_back({*identity, made});
  return made;
}

void LockFile::Hold() { file_.LockShared(0, 1); }

bool LockFile::RaiseTo(uint64_t least) {
  std::atomic<uint64_t>& last = reinterpret_cast<Head*>(mapping_.data())->last_commit;
  uint64_t found = last.load();
  while (found < least) {
    if (last.compare_exchange_weak(found, least)) return true;
  }
  return false;
}

}  // namespace skalar
