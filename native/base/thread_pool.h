// Our own worker threads: searches must not queue behind the file and DNS work on libuv's four.
//
// Thread safety: every method may be called from any thread; Stop() not from a worker.
// Invariants: a task runs at most once, and never after Stop() has returned.

#ifndef SKALAR_BASE_THREAD_POOL_H_
#define SKALAR_BASE_THREAD_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace skalar {

class ThreadPool {
 public:
  // Threads start with the first task, so a pool that is never used costs nothing.
  explicit ThreadPool(size_t threads);
  ~ThreadPool();

  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t size() const { return size_; }

  // False, and the task is dropped, once Stop() was called.
  bool Submit(std::function<void()> task);

  // Waits for the tasks that have begun, drops the others, joins the threads. May be called again.
  void Stop();

 private:
  void Run();

  // Constant after construction.
  const size_t size_;

  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
};

}  // namespace skalar

#endif  // SKALAR_BASE_THREAD_POOL_H_
