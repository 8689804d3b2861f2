// Our own worker threads: searches must not queue behind the file and DNS work on libuv's four.
//
// Thread safety: every method may be called from any thread; Stop() not from a worker.
// Invariants: a task runs at most once, and never after Stop() has returned. While there is a task,
// there is a thread.

#ifndef SKALAR_BASE_THREAD_POOL_H_
#define SKALAR_BASE_THREAD_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "base/thread.h"

namespace skalar {

class ThreadPool {
 public:
  // Threads start with the first task, so a pool that is never used costs nothing.
  explicit ThreadPool(size_t threads);
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // How many threads there are to be. Where the system grants fewer, those do the work.
  size_t size() const { return size_; }

  // When it is not ok, the task is dropped: kAborted once Stop() was called, kOutOfMemory when the
  // system grants no thread at all. A task throws nothing.
  Status Submit(std::function<void()> task);

  // Raised by Stop(): tasks that take long are to poll it.
  AbortFlag::Value stopped() const { return &stopped_; }

  // Waits for the tasks that have begun, drops the others, joins the threads. May be called again.
  void Stop();

 private:
  static void Run(void* pool);
  void Run();
  // As many threads as can be had, up to size_. Requires: mutex_.
  void StartThreads();

  // Constant after construction.
  const size_t size_;

  std::atomic<int32_t> stopped_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  // Of a list each task is taken, and all of them are dropped, without asking for memory.
  std::list<std::function<void()>> tasks_;
  std::vector<Thread> threads_;
  bool stopping_ = false;
};

}  // namespace skalar

#endif  // SKALAR_BASE_THREAD_POOL_H_
