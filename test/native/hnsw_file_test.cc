// A graph written and read: whole, or not at all.

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "hnsw.h"

namespace skalar::hnsw {
namespace {

class HnswFileTest : public HnswTest {
 protected:
  std::string path_ =
      (std::filesystem::path(testing::TempDir()) /
       ("hnsw-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
        NameOfKind(GetParam())))
          .string();
  void TearDown() override { std::filesystem::remove(path_); }
};

TEST_P(HnswFileTest, WhatIsReadAnswersAlike) {
  Fill();
  BuildAll(&index_, corpus_.store);
  RemoveBoth(&corpus_, &index_, 17);
  ASSERT_TRUE(index_.Write(path_.c_str()).ok());
  Index read(index_.options());
  ASSERT_TRUE(read.Read(path_.c_str()).ok());
  for (const auto& [slot, row] : corpus_.rows) read.Put(slot);
  read.Put(kCount);  // Not in the file.
  const std::vector<uint32_t> slots = index_.Slots();
  read.Adopt(slots.data(), slots.size());
  EXPECT_EQ(read.alive(), kCount - 1);
  EXPECT_EQ(read.waiting(), 1u);
  read.Remove(kCount);
  const std::vector<Query> queries = RandomQueries(random_, kDimension);
  ExpectSame(AnswersOf(&index_, corpus_, queries), AnswersOf(&read, corpus_, queries));
  // It goes on growing.
  for (uint32_t slot = kCount; slot < kCount + 500; ++slot) {
    PutBoth(&corpus_, &read, slot, random_.Vector(kDimension, Norm(slot)));
  }
  BuildAll(&read, corpus_.store);
  EXPECT_GE(Recall(&read, corpus_, metric(), queries), kGood);
}

TEST_P(HnswFileTest, TwinsAreReadAsTheyWere) {
  const Floats base = random_.Vector(kDimension);
  Fill(2000);
  for (uint32_t slot = 2000; slot < 2600; ++slot) PutBoth(&corpus_, &index_, slot, base);
  BuildAll(&index_, corpus_.store);
  ASSERT_TRUE(index_.Write(path_.c_str()).ok());
  Index read(index_.options());
  ASSERT_TRUE(read.Read(path_.c_str()).ok());
  for (const auto& [slot, row] : corpus_.rows) read.Put(slot);
  const std::vector<uint32_t> slots = index_.Slots();
  read.Adopt(slots.data(), slots.size());
  for (uint32_t slot = 2600; slot < 2700; ++slot) {
    PutBoth(&corpus_, &index_, slot, base);
    read.Put(slot);
  }
  BuildAll(&index_, corpus_.store);
  BuildAll(&read, corpus_.store);
  const std::vector<Query> queries = {QueryFor(base, 100), QueryFor(random_.Vector(kDimension))};
  ExpectSame(AnswersOf(&index_, corpus_, queries), AnswersOf(&read, corpus_, queries));
}

TEST_P(HnswFileTest, RefusesChainsOfTwinsThatAreNone) {
  const Floats base = random_.Vector(kDimension);
  Fill(1500);
  for (uint32_t slot = 1500; slot < 2000; ++slot) PutBoth(&corpus_, &index_, slot, base);
  BuildAll(&index_, corpus_.store);
  // The chain is the last section, of two pages.
  const auto at = [&](uint32_t node) {
    return static_cast<std::streamoff>(std::filesystem::file_size(path_) - 8192 + 4 * node);
  };
  const auto reads_with = [&](uint32_t node, uint32_t next) {
    EXPECT_TRUE(index_.Write(path_.c_str()).ok());
    {
      std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(at(node));
      file.write(reinterpret_cast<const char*>(&next), sizeof next);
    }
    return Index(index_.options()).Read(path_.c_str()).ok();
  };
  EXPECT_TRUE(reads_with(7, 7));
  EXPECT_FALSE(reads_with(7, 2000)) << "is not there";
  EXPECT_FALSE(reads_with(7, 8)) << "has neighbours";
  EXPECT_FALSE(reads_with(7, 1900)) << "is behind another";
  EXPECT_FALSE(reads_with(1999, 1500)) << "is a head, or a circle";
  EXPECT_FALSE(reads_with(1999, 1510)) << "is a circle";
}

TEST_P(HnswFileTest, AnIndexThatIsUndecidedTakesTheCodesOfTheFile) {
  Fill(2000);
  BuildAll(&index_, corpus_.store);
  ASSERT_TRUE(index_.Write(path_.c_str()).ok());
  Options options = index_.options();
  options.codes.reset();
  Index read(options);
  ASSERT_TRUE(read.Read(path_.c_str()).ok());
  EXPECT_EQ(read.codes(), GetParam().codes);
  EXPECT_FALSE(read.undecided());
}

TEST_P(HnswFileTest, StopsWritingAndReadingWhenTold) {
  Fill(2000);
  BuildAll(&index_, corpus_.store);
  const std::atomic<int32_t> abort{kAbort};
  EXPECT_EQ(index_.Write(path_.c_str(), &abort).code(), Status::Code::kAborted);
  ASSERT_TRUE(index_.Write(path_.c_str()).ok());
  EXPECT_EQ(Index(index_.options()).Read(path_.c_str(), &abort).code(), Status::Code::kAborted);
}

TEST_P(HnswFileTest, RefusesWhatIsNoSuchGraph) {
  Fill(2000);
  BuildAll(&index_, corpus_.store);
  ASSERT_TRUE(index_.Write(path_.c_str()).ok());
  const auto reads = [&](const Options& options) {
    return Index(options).Read(path_.c_str()).ok();
  };
  EXPECT_TRUE(reads(index_.options()));
  Options other = index_.options();
  other.M = 9;
  EXPECT_FALSE(reads(other));
  other = index_.options();
  other.dimension = kDimension + 1;
  EXPECT_FALSE(reads(other));
  other = index_.options();
  other.metric = metric() == Metric::kDot ? Metric::kCosine : Metric::kDot;
  EXPECT_FALSE(reads(other));
  other = index_.options();
  other.codes = *other.codes == Codes::kInt4 ? Codes::kInt8 : Codes::kInt4;
  EXPECT_FALSE(reads(other));

  const auto size = std::filesystem::file_size(path_);
  {
    // The last node that lists name does not exist.
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    std::vector<char> bytes(size);
    file.read(bytes.data(), static_cast<std::streamsize>(size));
    const uint32_t node = 1999;
    size_t last = size - 8192 - sizeof node;  // in front of the twins, which have two pages
    while (std::memcmp(bytes.data() + last, &node, sizeof node) != 0) last -= sizeof node;
    const uint32_t none = 2000;
    file.seekp(static_cast<std::streamoff>(last));
    file.write(reinterpret_cast<const char*>(&none), sizeof none);
  }
  EXPECT_FALSE(reads(index_.options()));
  for (const size_t length : {size_t{0}, size_t{30}, size_t{5000}, size - 4096}) {
    std::filesystem::resize_file(path_, length);
    EXPECT_FALSE(reads(index_.options())) << length;
  }
  std::filesystem::remove(path_);
  EXPECT_FALSE(reads(index_.options()));
}

INSTANTIATE_TEST_SUITE_P(All, HnswFileTest, testing::ValuesIn(AllKinds()),
                         [](const auto& info) { return NameOfKind(info.param); });

}  // namespace
}  // namespace skalar::hnsw
