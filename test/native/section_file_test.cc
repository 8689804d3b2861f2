// Sections under checksums: written, mapped, and found out when they are damaged.

#include "store/section_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace skalar {
namespace {

class SectionFileTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  static std::string Bytes(size_t count, char first) {
    std::string bytes(count, first);
    for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(first + i * 7 + i / 251);
    return bytes;
  }

  // Sections of lengths around those of blocks and buffers.
  void Write() {
    SectionWriter writer(path_.c_str());
    for (const size_t section : {5, 0, 31, 7, 8}) {
      writer.Begin(section);
      const std::string& bytes = sections_[section];
      for (size_t i = 0; i < bytes.size(); i += 1000) {
        writer.Put(bytes.data() + i, std::min<size_t>(1000, bytes.size() - i));
      }
    }
    notes_[3] = 42;
    ASSERT_TRUE(writer.Finish(notes_, &crc_).ok());
  }

  Status Open(std::shared_ptr<const SectionFile>* file) const {
    return SectionFile::Open(path_.c_str(), crc_, file);
  }

  void Flip(std::streamoff at) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(byte);
  }

  const std::string path_ = (std::filesystem::path(testing::TempDir()) / "sections").string();
  std::vector<std::string> sections_ = [] {
    std::vector<std::string> sections(kMostSections);
    sections[5] = Bytes(3'000'001, 'a');
    sections[0] = Bytes(kSectionBlock, 'b');
    sections[31] = Bytes(1, 'c');
    sections[8] = Bytes(kSectionBlock * 5 + 3, 'd');
    return sections;
  }();
  SectionNotes notes_ = {};
  uint32_t crc_ = 0;
};

TEST_F(SectionFileTest, SectionsAreAsTheyWereWritten) {
  Write();
  std::shared_ptr<const SectionFile> file;
  ASSERT_TRUE(Open(&file).ok());
  EXPECT_EQ(file->notes(), notes_);
  for (size_t section = 0; section < kMostSections; ++section) {
    const std::string& bytes = sections_[section];
    ASSERT_EQ(file->bytes(section), bytes.size());
    EXPECT_EQ(std::memcmp(file->data(section), bytes.data(), bytes.size()), 0);
    EXPECT_TRUE(file->Check(section));
  }
  EXPECT_FALSE(file->checked());
  while (!file->CheckOn(nullptr)) continue;
  EXPECT_TRUE(file->checked());
  EXPECT_FALSE(file->damaged());
}

TEST_F(SectionFileTest, WhatIsWrittenIntoTheMappingIsNobodyElses) {
  Write();
  std::shared_ptr<const SectionFile> ours;
  std::shared_ptr<const SectionFile> theirs;
  ASSERT_TRUE(Open(&ours).ok());
  ASSERT_TRUE(Open(&theirs).ok());
  std::memset(ours->data(5), 0, 100'000);
  EXPECT_EQ(std::memcmp(theirs->data(5), sections_[5].data(), sections_[5].size()), 0);
  // The checksums are of what is in the file.
  EXPECT_TRUE(ours->Check(5));
}

TEST_F(SectionFileTest, ADamagedBlockIsFoundWhenItIsAskedFor) {
  Write();
  std::shared_ptr<const SectionFile> file;
  ASSERT_TRUE(Open(&file).ok());
  // The first section that was written begins behind the header.
  Flip(64 * 1024 + 2 * static_cast<std::streamoff>(kSectionBlock) + 5);
  EXPECT_TRUE(file->Check(5, 0, 2 * kSectionBlock));
  EXPECT_TRUE(file->Check(5, 3 * kSectionBlock, 1'000'000));
  EXPECT_FALSE(file->damaged());
  EXPECT_FALSE(file->Check(5, 2 * kSectionBlock - 1, 2));
  EXPECT_TRUE(file->damaged());
  while (!file->CheckOn(nullptr)) continue;
  EXPECT_TRUE(file->damaged());
}

TEST_F(SectionFileTest, IsCheckedByManyThreadsAtOnce) {
  Write();
  Flip(64 * 1024 + 100 * static_cast<std::streamoff>(kSectionBlock));
  std::shared_ptr<const SectionFile> file;
  ASSERT_TRUE(Open(&file).ok());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (size_t at = 0; at < 180 * kSectionBlock; at += (i + 1) * 5000) {
        const bool hits = at / kSectionBlock <= 100 && (at + 9000 - 1) / kSectionBlock >= 100;
        EXPECT_EQ(file->Check(5, at, 9000), !hits) << at;
      }
    });
  }
  while (!file->CheckOn(nullptr)) continue;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(file->damaged());
}

TEST_F(SectionFileTest, IsRefusedWhereItIsNotWhole) {
  Write();
  std::shared_ptr<const SectionFile> file;
  const auto size = std::filesystem::file_size(path_);
  for (const size_t at : {size_t{0}, size_t{9}, size_t{40}, size_t{200}, size - 1}) {
    Flip(static_cast<std::streamoff>(at));
    EXPECT_EQ(Open(&file).code(), Status::Code::kUnusable) << at;
    Flip(static_cast<std::streamoff>(at));
  }
  EXPECT_TRUE(Open(&file).ok());
  EXPECT_FALSE(SectionFile::Open(path_.c_str(), crc_ + 1, &file).ok());
  for (const size_t length : {size - 1, size_t{70'000}, size_t{100}, size_t{0}}) {
    std::filesystem::resize_file(path_, length);
    EXPECT_EQ(Open(&file).code(), Status::Code::kUnusable) << length;
  }
  std::filesystem::remove(path_);
  EXPECT_EQ(Open(&file).code(), Status::Code::kUnusable);
}

TEST_F(SectionFileTest, TellsThatItCannotBeWritten) {
  SectionWriter writer((path_ + "-none/file").c_str());
  writer.Begin(0);
  writer.Put("abc", 3);
  uint32_t crc = 0;
  EXPECT_EQ(writer.Finish({}, &crc).code(), Status::Code::kUnusable);
}

}  // namespace
}  // namespace skalar
