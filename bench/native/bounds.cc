// What this machine can do at best, as a yardstick for what a search takes. Prints one line of
// JSON. Usage: bounds <bytes of memory> <row bytes>:<rows> ...
//
// sequential: GB/s of one thread that sums a large array.
// gather: ns per row when rows of a table are read whole in random order, the way a search over a
// graph meets them: the
//   order is known a few rows ahead, so they are prefetched.
// dot: ns per dot product of two vectors that stay in the first-level cache.
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kRowsAhead = 8;
constexpr int kRepetitions = 3;

// Large pages where the system gives them: with small ones the address translation would be
// measured too.
template <typename T>
struct HugePages {
  using value_type = T;

  T* allocate(size_t count) {
    constexpr size_t kPage = size_t{2} << 20;
    const size_t bytes = (count * sizeof(T) + kPage - 1) / kPage * kPage;
    void* memory = std::aligned_alloc(kPage, bytes);
    if (memory == nullptr) std::abort();
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(memory);
  }

  void deallocate(T* memory, size_t) { std::free(memory); }
};

using Memory = std::vector<uint64_t, HugePages<uint64_t>>;

// Results go here, so that the compiler cannot leave out the work.
volatile uint64_t sink;

template <typename Work>
double BestSeconds(Work work) {
  double best = 1e30;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (taken.count() < best) best = taken.count();
  }
  return best;
}

double SequentialGigabytesPerSecond(const Memory& memory) {
  const double seconds = BestSeconds([&] {
    uint64_t sum = 0;
    for (const uint64_t word : memory) sum += word;
    sink = sum;
  });
  return static_cast<double>(memory.size() * sizeof(uint64_t)) / 1e9 / seconds;
}

// Into the first-level cache (3), or the second (2), which can wait for more lines at once.
template <int kLevel>
double GatherNanosecondsInto(const Memory& memory, size_t row_bytes, size_t rows) {
  const char* table = reinterpret_cast<const char*>(memory.data());
  constexpr size_t kReads = 400'000;
  std::mt19937_64 random(7);
  std::vector<uint32_t> order(kReads + kRowsAhead);
  for (uint32_t& row : order) row = static_cast<uint32_t>(random() % rows);
  const double seconds = BestSeconds([&] {
    uint64_t sum = 0;
    for (size_t i = 0; i < kReads; ++i) {
      const char* ahead = table + order[i + kRowsAhead] * row_bytes;
      for (size_t at = 0; at < row_bytes; at += kCacheLine) __builtin_prefetch(ahead + at, 0, kLevel);
      const char* row = table + order[i] * row_bytes;
      for (size_t at = 0; at + sizeof(uint64_t) <= row_bytes; at += sizeof(uint64_t)) {
        uint64_t word;
        std::memcpy(&word, row + at, sizeof(word));
        sum += word;
      }
    }
    sink = sum;
  });
  return seconds * 1e9 / kReads;
}

double GatherNanoseconds(const Memory& memory, size_t row_bytes, size_t rows) {
  return std::min(GatherNanosecondsInto<3>(memory, row_bytes, rows),
                  GatherNanosecondsInto<2>(memory, row_bytes, rows));
}

float DotFloat(const float* a, const float* b, size_t dimension) {
  float sum = 0;
  for (size_t i = 0; i < dimension; ++i) sum += a[i] * b[i];
  return sum;
}

int32_t DotByte(const uint8_t* a, const int8_t* b, size_t dimension) {
  int32_t sum = 0;
  for (size_t i = 0; i < dimension; ++i) sum += a[i] * b[i];
  return sum;
}

template <typename A, typename B, typename Dot>
double DotNanoseconds(size_t dimension, Dot dot) {
  std::vector<A> a(dimension, 1);
  std::vector<B> b(dimension, 1);
  constexpr size_t kCalls = 2'000'000;
  const double seconds = BestSeconds([&] {
    uint64_t total = 0;
    for (size_t i = 0; i < kCalls; ++i) {
      // Nothing is written here, but the compiler must assume so: otherwise one call would serve
      // for all.
      asm volatile("" : : "r"(a.data()), "r"(b.data()) : "memory");
      total += static_cast<uint64_t>(dot(a.data(), b.data(), dimension));
    }
    sink = total;
  });
  return seconds * 1e9 / kCalls;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "bounds: see the head of bounds.cc for its arguments\n");
    return 2;
  }
  const Memory memory(static_cast<size_t>(std::atoll(argv[1])) / sizeof(uint64_t), 1);
  std::printf("{\"sequentialGigabytesPerSecond\":%.2f,\"gather\":[",
              SequentialGigabytesPerSecond(memory));
  for (int i = 2; i < argc; ++i) {
    unsigned long long bytes = 0;
    unsigned long long rows = 0;
    if (std::sscanf(argv[i], "%llu:%llu", &bytes, &rows) != 2 || bytes == 0 || rows == 0 ||
        bytes * rows > memory.size() * sizeof(uint64_t)) {
      std::fprintf(stderr, "bounds: %s is no <row bytes>:<rows> that fits the memory\n", argv[i]);
      return 2;
    }
    std::printf("%s{\"rowBytes\":%llu,\"rows\":%llu,\"nanoseconds\":%.1f}", i > 2 ? "," : "", bytes,
                rows, GatherNanoseconds(memory, bytes, rows));
  }
  std::printf("],\"dot\":[");
  const char* comma = "";
  for (const size_t dimension : {100, 256, 512}) {
    std::printf("%s{\"dimension\":%zu,\"float32\":%.2f,\"int8\":%.2f}", comma, dimension,
                DotNanoseconds<float, float>(dimension, DotFloat),
                DotNanoseconds<uint8_t, int8_t>(dimension, DotByte));
    comma = ",";
  }
  std::printf("]}\n");
  return 0;
}
