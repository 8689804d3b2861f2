#include "store/section_file.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/crc32c.h"

namespace skalar {
namespace {

constexpr std::array<char, 8> kMagic = {'s', 'k', 'a', 'l', 's', 'e', 'c', 't'};
constexpr uint32_t kVersion = 1;
// Sections begin at multiples of it, so that they can be mapped one by one on any system.
constexpr size_t kAlignment = 64 * 1024;
// What is written at once.
constexpr size_t kBuffer = size_t{1} << 20;
static_assert(kBuffer % kSectionBlock == 0 && kAlignment % kSectionBlock == 0);

// Blocks between two looks at the abort flag: some tens of microseconds.
constexpr size_t kAbortStride = 32;

// Of CheckOn(): what a query may have to wait for.
constexpr std::chrono::milliseconds kStretch(4);

uint64_t AlignUp(uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

size_t BlocksOf(uint64_t bytes) { return (bytes + kSectionBlock - 1) / kSectionBlock; }

uint32_t ChecksumOf(const void* bytes, size_t size) {
  return Crc32c(static_cast<const uint8_t*>(bytes), size);
}

}  // namespace

struct SectionFile::Header {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t checksums_crc;
  uint64_t file_bytes;
  uint64_t checksums_offset;
  uint64_t blocks;
  std::array<Section, kMostSections> sections;
  SectionNotes notes;
};

Status SectionFile::Open(const char* path, uint32_t crc, std::shared_ptr<const SectionFile>* file) {
  const Status unusable = Status::Unusable("the file is not there, or not whole");
  const os::File opened = os::File::Open(path, os::File::Mode::kRead);
  if (!opened.is_open()) return unusable;
  const size_t size = opened.size();
  if (size < sizeof(Header)) return unusable;
  std::shared_ptr<SectionFile> made(new SectionFile);
  made->original_ = os::Mapping::Map(opened, os::Mapping::Access::kRead, 0, size);
  if (made->original_.data() == nullptr) return Status::OutOfMemory("no room to map a file");
  Header header;
  std::memcpy(&header, made->original_.data(), sizeof header);
  if (ChecksumOf(&header, sizeof header) != crc || header.magic != kMagic ||
      header.version != kVersion || header.file_bytes != size) {
    return unusable;
  }
  // The checksum was given by somebody who knows the file: from here on its numbers hold.
  const uint8_t* checksums = made->original_.data() + header.checksums_offset;
  if (ChecksumOf(checksums, header.blocks * sizeof(uint32_t)) != header.checksums_crc) {
    return unusable;
  }
  made->mapping_ = os::Mapping::Map(opened, os::Mapping::Access::kPrivate, 0, size);
  if (made->mapping_.data() == nullptr) return Status::OutOfMemory("no room to map a file");
  made->notes_ = header.notes;
  made->sections_ = header.sections;
  made->checksums_ = reinterpret_cast<const uint32_t*>(checksums);
  made->intact_ = std::vector<std::atomic<uint64_t>>((header.blocks + 63) / 64);
  *file = std::move(made);
  return Status::Ok();
}

size_t SectionFile::bytes(size_t section) const { return sections_[section].bytes; }

uint8_t* SectionFile::data(size_t section) const {
  return mapping_.data() + sections_[section].offset;
}

bool SectionFile::Check(size_t section, size_t offset, size_t bytes) const {
  if (bytes == 0) return true;
  bool intact = true;
  for (size_t block = offset / kSectionBlock; block * kSectionBlock < offset + bytes; ++block) {
    intact = CheckBlock(section, block) && intact;
  }
  return intact;
}

bool SectionFile::CheckBlock(size_t section, size_t block) const {
  const Section& found = sections_[section];
  const size_t number = found.first_block + block;
  std::atomic<uint64_t>& word = intact_[number / 64];
  const uint64_t bit = uint64_t{1} << number % 64;
  if (word.load(std::memory_order_relaxed) & bit) return true;
  const size_t begin = block * kSectionBlock;
  const size_t size = std::min<size_t>(kSectionBlock, found.bytes - begin);
  if (ChecksumOf(original_.data() + found.offset + begin, size) != checksums_[number]) {
    damaged_.store(true, std::memory_order_release);
    return false;
  }
  word.fetch_or(bit, std::memory_order_relaxed);
  return true;
}

bool SectionFile::CheckOn(const AbortFlag& abort) const {
  const auto end = std::chrono::steady_clock::now() + kStretch;
  for (; next_section_ < kMostSections; ++next_section_, next_block_ = 0) {
    for (; next_block_ < BlocksOf(sections_[next_section_].bytes); ++next_block_) {
      const bool looks = next_block_ % kAbortStride == kAbortStride - 1;
      CheckBlock(next_section_, next_block_);
      if (looks && (IsStopped(abort) || std::chrono::steady_clock::now() > end)) {
        ++next_block_;
        return false;
      }
    }
  }
  checked_.store(true, std::memory_order_release);
  // Whatever is read from now on is read in the other mapping.
  original_.Forget();
  return true;
}

SectionWriter::SectionWriter(const char* path)
    : file_(os::File::Open(path, os::File::Mode::kReplace)),
      ok_(file_.is_open()),
      offset_(kAlignment),
      buffer_(NewAligned<uint8_t>(kBuffer)) {
  static_assert(sizeof(SectionFile::Header) <= kAlignment);
}

void SectionWriter::Begin(size_t section) {
  End();
  section_ = section;
  sections_[section] = {offset_, 0, checksums_.size()};
}

void SectionWriter::Put(const void* bytes, size_t size) {
  const auto* next = static_cast<const uint8_t*>(bytes);
  sections_[section_].bytes += size;
  while (size > 0) {
    const size_t part = std::min(size, kBuffer - filled_);
    std::memcpy(buffer_.get() + filled_, next, part);
    filled_ += part;
    next += part;
    size -= part;
    if (filled_ == kBuffer) WriteBuffer();
  }
}

void SectionWriter::WriteBuffer() {
  for (size_t begin = 0; begin < filled_; begin += kSectionBlock) {
    const size_t size = std::min(kSectionBlock, filled_ - begin);
    checksums_.push_back(ChecksumOf(buffer_.get() + begin, size));
  }
  ok_ = ok_ && file_.Write(buffer_.get(), filled_, offset_);
  offset_ += filled_;
  filled_ = 0;
}

void SectionWriter::End() {
  if (filled_ > 0) WriteBuffer();
  offset_ = AlignUp(offset_);
}

Status SectionWriter::Finish(const SectionNotes& notes, uint32_t* crc) {
  End();
  SectionFile::Header header = {};
  const size_t bytes = checksums_.size() * sizeof(uint32_t);
  header.magic = kMagic;
  header.version = kVersion;
  header.checksums_crc = ChecksumOf(checksums_.data(), bytes);
  header.checksums_offset = offset_;
  header.file_bytes = std::max<uint64_t>(offset_ + bytes, sizeof header);
  header.blocks = checksums_.size();
  header.sections = sections_;
  header.notes = notes;
  ok_ = ok_ && (bytes == 0 || file_.Write(checksums_.data(), bytes, offset_)) &&
        file_.Write(&header, sizeof header, 0) && file_.Sync();
  file_.Close();
  *crc = ChecksumOf(&header, sizeof header);
  return ok_ ? Status::Ok() : Status::Unusable("a file of sections cannot be written");
}

}  // namespace skalar
