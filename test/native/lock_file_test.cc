// LMDB's lock file: the number of the last commit, and a lock that keeps LMDB's own whole.

#include "store/lock_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace skalar {
namespace {

class LockFileTest : public testing::Test {
 protected:
  void SetUp() override { Make(7); }
  void TearDown() override { std::filesystem::remove(path_); }

  void Make(uint64_t number) const {
    std::string bytes(64, '\0');
    std::memcpy(bytes.data() + 8, &number, sizeof number);
    std::ofstream(path_, std::ios::binary) << bytes;
  }

  uint64_t Number() const {
    std::ifstream file(path_, std::ios::binary);
    file.seekg(8);
    uint64_t number = 0;
    file.read(reinterpret_cast<char*>(&number), sizeof number);
    return number;
  }

  const std::string path_ = (std::filesystem::path(testing::TempDir()) / "lock-test").string();
};

TEST_F(LockFileTest, IsRaisedAndNeverLowered) {
  const auto number = LockFile::Of(path_.c_str());
  ASSERT_NE(number, nullptr);
  EXPECT_FALSE(number->RaiseTo(6));
  EXPECT_FALSE(number->RaiseTo(7));
  EXPECT_EQ(Number(), 7u);
  EXPECT_TRUE(number->RaiseTo(9));
  EXPECT_EQ(Number(), 9u);
}

TEST_F(LockFileTest, IsTheHighestThatAnyThreadRaisedItTo) {
  const auto number = LockFile::Of(path_.c_str());
  std::vector<std::thread> threads;
  for (uint64_t i = 1; i <= 4; ++i) {
    threads.emplace_back([&, i] {
      for (uint64_t each = i; each <= 1000; each += i) number->RaiseTo(each);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Number(), 1000u);
}

TEST_F(LockFileTest, IsOneForAFileWhateverItIsCalled) {
  const auto number = LockFile::Of(path_.c_str());
  const std::string other = path_ + "-link";
  std::filesystem::remove(other);
  std::filesystem::create_hard_link(path_, other);
  EXPECT_EQ(LockFile::Of(other.c_str()), number);
  std::filesystem::remove(other);
}

TEST_F(LockFileTest, IsAnotherOneOnceTheFileIsAnother) {
  const auto before = LockFile::Of(path_.c_str());
  std::filesystem::rename(path_, path_ + "-old");
  Make(3);
  const auto after = LockFile::Of(path_.c_str());
  EXPECT_NE(after, before);
  EXPECT_TRUE(after->RaiseTo(4));
  EXPECT_TRUE(before->RaiseTo(8));
  EXPECT_EQ(Number(), 4u);
  std::filesystem::remove(path_ + "-old");
}

TEST_F(LockFileTest, IsNoneWhereThereIsNoWholeFile) {
  EXPECT_EQ(LockFile::Of((path_ + "-none").c_str()), nullptr);
  std::filesystem::resize_file(path_, 12);
  EXPECT_EQ(LockFile::Of(path_.c_str()), nullptr);
}

#if !defined(_WIN32)
bool GetsExclusiveLock(const std::string& path) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  const bool got = fcntl(file, F_SETLK, &lock) == 0;
  close(file);
  return got;
}

#if defined(F_OFD_SETLK)
// As LMDB when it closes the file, to find out whether it is the last one.
TEST_F(LockFileTest, KeepsTheProcessItselfFromAnExclusiveLockUntilItHasLetGo) {
  EXPECT_TRUE(GetsExclusiveLock(path_));
  auto first = LockFile::Of(path_.c_str());
  auto second = LockFile::Of(path_.c_str());
  EXPECT_TRUE(GetsExclusiveLock(path_));
  first->Hold();
  EXPECT_FALSE(GetsExclusiveLock(path_));
  second->Hold();
  first.reset();
  EXPECT_FALSE(GetsExclusiveLock(path_));
  second.reset();
  EXPECT_TRUE(GetsExclusiveLock(path_));
}
#endif

// As LMDB's locks: the first close of the file within the process would end them.
TEST_F(LockFileTest, LeavesLocksAloneThatTheProcessHasOnTheFile) {
  const auto first = LockFile::Of(path_.c_str());
  const int file = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  ASSERT_EQ(fcntl(file, F_SETLK, &lock), 0);
  {
    const auto second = LockFile::Of(path_.c_str());
    second->Hold();
  }
  const pid_t child = fork();
  if (child == 0) {
    struct flock other = {};
    other.l_type = F_WRLCK;
    other.l_whence = SEEK_SET;
    other.l_len = 1;
    fcntl(open(path_.c_str(), O_RDWR), F_GETLK, &other);
    _exit(other.l_type == F_UNLCK ? 1 : 0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  close(file);
}
#endif

}  // namespace
}  // namespace skalar
