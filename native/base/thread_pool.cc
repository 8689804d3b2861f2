#include "base/thread_pool.h"

#include <algorithm>
#include <utility>

namespace skalar {

ThreadPool::ThreadPool(size_t threads) : size_(std::max<size_t>(threads, 1)) {}

ThreadPool::~ThreadPool() { Stop(); }

Status ThreadPool::Submit(std::function<void()> task) {
  std::list<std::function<void()>> added;
  added.push_back(std::move(task));
  std::lock_guard lock(mutex_);
  if (stopping_) return Status::Aborted();
  StartThreads();
  if (threads_.empty()) return Status::OutOfMemory("the system grants no thread: see its limits");
  tasks_.splice(tasks_.end(), added);
  wake_.notify_one();
  return Status::Ok();
}

void ThreadPool::StartThreads() {
  // First of all: a thread that has begun is to be joined.
  threads_.reserve(size_);
  while (threads_.size() < size_) {
    Thread thread;
    if (!thread.Start(Run, this)) return;
    threads_.push_back(std::move(thread));
  }
}

void ThreadPool::Stop() {
  std::vector<Thread> threads;
  std::list<std::function<void()>> dropped;
  stopped_.store(kAbort, std::memory_order_relaxed);
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    dropped.swap(tasks_);
  }
  wake_.notify_all();
  for (Thread& thread : threads) thread.Join();
}

void ThreadPool::Run(void* pool) { static_cast<ThreadPool*>(pool)->Run(); }

void ThreadPool::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // What it captured is released outside the lock.
    lock.lock();
  }
}

}  // namespace skalar
