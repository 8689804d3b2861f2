#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace skalar {
namespace {

void Submit(ThreadPool* pool, std::function<void()> task) {
  EXPECT_TRUE(pool->Submit(std::move(task)).ok());
}

TEST(ThreadPoolTest, HasAtLeastOneThread) {
  EXPECT_EQ(ThreadPool(0).size(), 1u);
  EXPECT_EQ(ThreadPool(3).size(), 3u);
}

TEST(ThreadPoolTest, EachTaskRunsOnceAndElsewhere) {
  constexpr size_t kTasks = 500;
  ThreadPool pool(3);
  std::vector<std::atomic<int>> runs(kTasks);
  std::atomic<size_t> left{kTasks};
  std::atomic<int> on_this_thread{0};
  std::promise<void> all_ran;
  for (size_t i = 0; i < kTasks; ++i) {
    const Status status = pool.Submit([&, i, caller = std::this_thread::get_id()] {
      if (std::this_thread::get_id() == caller) ++on_this_thread;
      ++runs[i];
      if (--left == 0) all_ran.set_value();
    });
    ASSERT_TRUE(status.ok());
  }
  all_ran.get_future().wait();
  for (const std::atomic<int>& count : runs) EXPECT_EQ(count, 1);
  EXPECT_EQ(on_this_thread, 0);
}

TEST(ThreadPoolTest, TasksRunAtTheSameTime) {
  ThreadPool pool(2);
  std::promise<void> first, second;
  std::promise<void> both[2];
  // Each waits for the other, which one thread alone could not bring about.
  Submit(&pool, [&] {
    first.set_value();
    second.get_future().wait();
    both[0].set_value();
  });
  Submit(&pool, [&] {
    second.set_value();
    first.get_future().wait();
    both[1].set_value();
  });
  for (std::promise<void>& one : both) one.get_future().wait();
}

TEST(ThreadPoolTest, ATaskMaySubmitAnother) {
  ThreadPool pool(1);
  std::promise<void> inner_ran;
  Submit(&pool, [&] { Submit(&pool, [&] { inner_ran.set_value(); }); });
  inner_ran.get_future().wait();
}

TEST(ThreadPoolTest, StopWaitsForWhatHasBegunAndDropsTheRest) {
  ThreadPool pool(1);
  std::promise<void> begun, release;
  std::atomic<bool> ended{false};
  std::atomic<int> others{0};
  Submit(&pool, [&] {
    begun.set_value();
    release.get_future().wait();
    ended = true;
  });
  const auto captured = std::make_shared<int>();
  for (int i = 0; i < 10; ++i) Submit(&pool, [&others, captured] { ++others; });
  begun.get_future().wait();

  std::atomic<bool> ended_before_stop_returned{false};
  std::thread stopper([&] {
    pool.Stop();
    ended_before_stop_returned = ended.load();
  });
  // Only once new tasks are refused is it certain that nothing else begins.
  while (pool.Submit([] {}).ok()) std::this_thread::yield();
  release.set_value();
  stopper.join();
  EXPECT_TRUE(ended_before_stop_returned);
  EXPECT_EQ(others, 0);
  EXPECT_EQ(captured.use_count(), 1) << "dropped tasks must let go of what they hold";
}

TEST(ThreadPoolTest, RefusesTasksOnceStopped) {
  ThreadPool pool(2);
  Submit(&pool, [] {});
  pool.Stop();
  bool ran = false;
  EXPECT_EQ(pool.Submit([&ran] { ran = true; }).code(), Status::Code::kAborted);
  EXPECT_FALSE(ran);
}

TEST(ThreadPoolTest, StopIsSeenByATaskUnderWay) {
  ThreadPool pool(1);
  std::promise<void> begun;
  Submit(&pool, [&] {
    begun.set_value();
    while (!IsAborted(pool.stopped())) std::this_thread::yield();
  });
  begun.get_future().wait();
  EXPECT_FALSE(IsAborted(pool.stopped()));
  pool.Stop();
}

TEST(ThreadPoolTest, StopsTwiceAndUnused) {
  ThreadPool used(2);
  Submit(&used, [] {});
  used.Stop();
  used.Stop();
  ThreadPool unused(2);
  unused.Stop();
  unused.Stop();
}

TEST(ThreadPoolTest, DestructionStops) {
  std::atomic<bool> ended{false};
  {
    ThreadPool pool(1);
    std::promise<void> begun;
    Submit(&pool, [&] {
      begun.set_value();
      ended = true;
    });
    begun.get_future().wait();
  }
  EXPECT_TRUE(ended);
}

TEST(ThreadPoolTest, ATaskLetsGoOfWhatItHeldBeforeTheNextBegins) {
  ThreadPool pool(1);
  auto held = std::make_shared<int>();
  const std::weak_ptr<int> watched = held;
  std::promise<bool> gone;
  Submit(&pool, [held = std::move(held)] {});
  Submit(&pool, [&] { gone.set_value(watched.expired()); });
  EXPECT_TRUE(gone.get_future().get());
}

}  // namespace
}  // namespace skalar
