// What one process counts, and another sees.

#include "store/commit_counters.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace skalar {
namespace {

class CommitCountersTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  std::unique_ptr<CommitCounters> Open(bool writable = true) {
    std::unique_ptr<CommitCounters> counters;
    EXPECT_TRUE(CommitCounters::Open(path_.c_str(), writable, &counters).ok());
    return counters;
  }

  const std::string path_ = (std::filesystem::path(testing::TempDir()) / "commits-test").string();
};

TEST_F(CommitCountersTest, AreSettledUnlessACommitIsUnderWay) {
  const auto ours = Open();
  const auto theirs = Open(false);
  EXPECT_EQ(theirs->Settled(), 0u);
  const uint64_t first = ours->Begin();
  EXPECT_EQ(theirs->Settled(), std::nullopt);
  ours->End(first);
  EXPECT_EQ(theirs->Settled(), first);
  // Two that share a commit may end in any order.
  const uint64_t second = ours->Begin();
  const uint64_t third = ours->Begin();
  ours->End(third);
  EXPECT_EQ(theirs->Settled(), third);
  ours->End(second);
  EXPECT_EQ(theirs->Settled(), third);
}

TEST_F(CommitCountersTest, AreSettledAgainByTheNextCommitAfterACrash) {
  Open()->Begin();
  const auto counters = Open();
  EXPECT_EQ(counters->Settled(), std::nullopt);
  const uint64_t next = counters->Begin();
  EXPECT_EQ(next, 2u);
  counters->End(next);
  EXPECT_EQ(counters->Settled(), 2u);
}

TEST_F(CommitCountersTest, AreKeptByThoseWhoOpenThemLater) {
  const auto first = Open();
  first->End(first->Begin());
  EXPECT_EQ(Open()->Settled(), 1u);
  EXPECT_EQ(first->Settled(), 1u);
}

TEST_F(CommitCountersTest, AreNotThereForAReaderBeforeAWriterWas) {
  EXPECT_EQ(Open(false), nullptr);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(CommitCountersTest, CannotBeOpenedWhereNoFileCanBe) {
  std::unique_ptr<CommitCounters> counters;
  const std::string nowhere = path_ + "/none";
  EXPECT_FALSE(CommitCounters::Open(nowhere.c_str(), true, &counters).ok());
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(CommitCounters::Open(path_.c_str(), true, &counters).ok());
  EXPECT_EQ(counters, nullptr);
}

TEST_F(CommitCountersTest, CountEveryCommitOfManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      const auto counters = Open();
      for (int j = 0; j < 1000; ++j) counters->End(counters->Begin());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Open()->Settled(), 4000u);
}

}  // namespace
}  // namespace skalar
