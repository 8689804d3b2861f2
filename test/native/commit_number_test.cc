// LMDB's number of the last commit, shared by all who ask for it in this process.

#include "store/commit_number.h"

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

class CommitNumberTest : public testing::Test {
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

TEST_F(CommitNumberTest, IsRaisedAndNeverLowered) {
  const auto number = CommitNumber::Of(path_.c_str());
  ASSERT_NE(number, nullptr);
  EXPECT_FALSE(number->RaiseTo(6));
  EXPECT_FALSE(number->RaiseTo(7));
  EXPECT_EQ(Number(), 7u);
  EXPECT_TRUE(number->RaiseTo(9));
  EXPECT_EQ(Number(), 9u);
}

TEST_F(CommitNumberTest, IsTheHighestThatAnyThreadRaisedItTo) {
  const auto number = CommitNumber::Of(path_.c_str());
  std::vector<std::thread> threads;
  for (uint64_t i = 1; i <= 4; ++i) {
    threads.emplace_back([&, i] {
      for (uint64_t each = i; each <= 1000; each += i) number->RaiseTo(each);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Number(), 1000u);
}

TEST_F(CommitNumberTest, IsOneForAFileWhateverItIsCalled) {
  const auto number = CommitNumber::Of(path_.c_str());
  const std::string other = path_ + "-link";
  std::filesystem::remove(other);
  std::filesystem::create_hard_link(path_, other);
  EXPECT_EQ(CommitNumber::Of(other.c_str()), number);
  std::filesystem::remove(other);
}

TEST_F(CommitNumberTest, IsAnotherOneOnceTheFileIsAnother) {
  const auto before = CommitNumber::Of(path_.c_str());
  std::filesystem::rename(path_, path_ + "-old");
  Make(3);
  const auto after = CommitNumber::Of(path_.c_str());
  EXPECT_NE(after, before);
  EXPECT_TRUE(after->RaiseTo(4));
  EXPECT_TRUE(before->RaiseTo(8));
  EXPECT_EQ(Number(), 4u);
  std::filesystem::remove(path_ + "-old");
}

TEST_F(CommitNumberTest, IsNoneWhereThereIsNoWholeFile) {
  EXPECT_EQ(CommitNumber::Of((path_ + "-none").c_str()), nullptr);
  std::filesystem::resize_file(path_, 12);
  EXPECT_EQ(CommitNumber::Of(path_.c_str()), nullptr);
}

#if !defined(_WIN32)
// As LMDB's locks: the first close of the file within the process would end them.
TEST_F(CommitNumberTest, LeavesLocksAloneThatTheProcessHasOnTheFile) {
  const auto first = CommitNumber::Of(path_.c_str());
  const int file = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  ASSERT_EQ(fcntl(file, F_SETLK, &lock), 0);
  const auto second = CommitNumber::Of(path_.c_str());
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
