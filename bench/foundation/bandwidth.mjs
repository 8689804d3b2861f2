// How fast this machine reads memory in sequence, measured by a small program of its own.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Arguments: bytes, threads, seconds. Each thread reads its share of the bytes over and over; prints bytes per second. Huge
 * pages and prefetching make it as fast as we know how to: a bound, not a copy of what the scan does.
 */
const PROGRAM = `
#include <sys/mman.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;
typedef uint64_t Line __attribute__((vector_size(64)));

constexpr size_t kAhead = 2048 / sizeof(Line);
constexpr size_t kHugePage = size_t{1} << 21;

Line Read(const Line* lines, size_t count) {
  Line a = {}, b = {}, c = {}, d = {};
  for (size_t i = 0; i + 4 <= count; i += 4) {
    for (size_t j = 0; j < 4; ++j) __builtin_prefetch(lines + i + j + kAhead);
    a += lines[i];
    b += lines[i + 1];
    c += lines[i + 2];
    d += lines[i + 3];
  }
  return a + b + c + d;
}

int main(int, char** arguments) {
  const size_t bytes = std::strtoull(arguments[1], nullptr, 10);
  const size_t threads = std::strtoull(arguments[2], nullptr, 10);
  const double seconds = std::strtod(arguments[3], nullptr);
  const size_t rounded = (bytes + kHugePage) / kHugePage * kHugePage;
  void* memory = std::aligned_alloc(kHugePage, rounded);
  madvise(memory, rounded, MADV_HUGEPAGE);
  std::memset(memory, 1, rounded);
  const Line* lines = static_cast<const Line*>(memory);
  const size_t share = bytes / sizeof(Line) / threads;
  std::vector<double> rates(threads);
  std::vector<Line> sums(threads);
  std::vector<std::thread> workers;
  for (size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      Line sum = {};
      size_t passes = 0;
      double elapsed = 0;
      for (const auto start = Clock::now(); elapsed < seconds; ++passes) {
        sum += Read(lines + t * share, share);
        elapsed = std::chrono::duration<double>(Clock::now() - start).count();
      }
      sums[t] = sum;
      rates[t] = sizeof(Line) * share * passes / elapsed;
    });
  }
  for (std::thread& worker : workers) worker.join();
  uint64_t check = 0;
  double total = 0;
  for (size_t t = 0; t < threads; ++t) {
    check += sums[t][0];
    total += rates[t];
  }
  if (check == 0) return 1;
  std::printf("%.0f\\n", total);
}
`

/** Compiles the program into `folder`; undefined where there is no g++, or no Linux. */
export async function bandwidthProgram(folder) {
  if (process.platform !== 'linux') return undefined
  const source = join(folder, 'bandwidth.cc')
  const program = join(folder, 'bandwidth')
  writeFileSync(source, PROGRAM)
  try {
    await run('g++', ['-std=c++20', '-O3', '-march=native', '-pthread', source, '-o', program])
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
  return async (bytes, threads, seconds) =>
    Number((await run(program, [bytes, threads, seconds])).stdout) / 1e9
}
