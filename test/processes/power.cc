// Records what a process writes into data.mdb, and when it has waited for the disk: a library to be
// preloaded, for power-cut.test.ts. SKALAR_POWER names the file that it appends to, for each call
//
//   0   u32  1 write · 2 a flush begins · 3 it has ended · 4 mark: a write into a file named
//   `marks` 4   u32  bytes that follow 8   u64  place of a write 16  u64  number of a flush
//
// in the order in which the calls are made, by all threads and processes: of two of them none is
// under way at the same time, but for flushes.

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace {

enum Kind : uint32_t { kNothing = 0, kWrite = 1, kFlushBegins = 2, kFlushEnds = 3, kMark = 4 };

struct Header {
  uint32_t kind;
  uint32_t bytes;
  uint64_t place;
  uint64_t flush;
};

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
int record = -1;
std::atomic<uint64_t> flushes{0};

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

using Write = ssize_t (*)(int, const void*, size_t);
using WriteAt = ssize_t (*)(int, const void*, size_t, off_t);
using WriteMany = ssize_t (*)(int, const iovec*, int);
using Flush = int (*)(int);

__attribute__((constructor)) void Open() {
  const char* path = getenv("SKALAR_POWER");
  if (path != nullptr) record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

bool EndsWith(const char* text, const char* end) {
  const size_t length = strlen(text);
  return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

Kind KindOf(int file) {
  if (record < 0) return kNothing;
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return kNothing;
  path[length] = 0;
  if (EndsWith(path, "/data.mdb")) return kWrite;
  return EndsWith(path, "/marks") ? kMark : kNothing;
}

// Holds the others off. A lock of the file serves processes, not threads.
class Turn {
 public:
  Turn() {
    pthread_mutex_lock(&mutex);
    flock(record, LOCK_EX);
  }
  ~Turn() {
    flock(record, LOCK_UN);
    pthread_mutex_unlock(&mutex);
  }
  void Append(const Header& header, const iovec* parts, int count) {
    static const auto write_many = Real<WriteMany>("writev");
    iovec all[1 + IOV_MAX / 2];
    all[0] = {const_cast<Header*>(&header), sizeof header};
    memcpy(all + 1, parts, static_cast<size_t>(count) * sizeof *parts);
    write_many(record, all, count + 1);
  }
};

size_t BytesOf(const iovec* parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
  return bytes;
}

template <typename Call>
ssize_t Recorded(int file, const iovec* parts, int count, off_t place, Call call) {
  const Kind kind = KindOf(file);
  if (kind == kNothing) return call();
  Turn turn;
  if (place < 0) place = lseek(file, 0, SEEK_CUR);
  const auto bytes = static_cast<uint32_t>(BytesOf(parts, count));
  turn.Append({kind, bytes, static_cast<uint64_t>(place), 0}, parts, count);
  return call();
}

int Flushed(int file, const char* name) {
  const auto flush = Real<Flush>(name);
  if (KindOf(file) != kWrite) return flush(file);
  const uint64_t number = (static_cast<uint64_t>(getpid()) << 32) | ++flushes;
  { Turn().Append({kFlushBegins, 0, 0, number}, nullptr, 0); }
  const int result = flush(file);
  if (result == 0) Turn().Append({kFlushEnds, 0, 0, number}, nullptr, 0);
  return result;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t length) {
  static const auto real = Real<Write>("write");
  const iovec part{const_cast<void*>(bytes), length};
  return Recorded(file, &part, 1, -1, [&] { return real(file, bytes, length); });
}

ssize_t pwrite64(int file, const void* bytes, size_t length, off_t place) {
  static const auto real = Real<WriteAt>("pwrite64");
  const iovec part{const_cast<void*>(bytes), length};
  return Recorded(file, &part, 1, place, [&] { return real(file, bytes, length, place); });
}

ssize_t pwrite(int file, const void* bytes, size_t length, off_t place) {
  return pwrite64(file, bytes, length, place);
}

ssize_t writev(int file, const iovec* parts, int count) {
  static const auto real = Real<WriteMany>("writev");
  return Recorded(file, parts, count, -1, [&] { return real(file, parts, count); });
}

int fdatasync(int file) { return Flushed(file, "fdatasync"); }
int fsync(int file) { return Flushed(file, "fsync"); }

}  // extern "C"
