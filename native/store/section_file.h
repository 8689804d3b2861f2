// A file of sections under checksums, written once and then mapped by any number of processes
// (docs/format.md draws it).
//
// Opening it takes little time: what is compared then is the header, and the checksums' own
// checksum. Each section is cut into blocks with a checksum each, CRC-32C; whoever must be able to
// rely on what a section holds has its blocks checked first, which costs something once for each
// block. A file with a block that is damaged is `damaged()` for ever: whatever was made with any of
// it is to be made again without it.
//
// Thread safety: a SectionFile may be used by any number of threads. A SectionWriter belongs to
// one.

#ifndef SKALAR_STORE_SECTION_FILE_H_
#define SKALAR_STORE_SECTION_FILE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/abort.h"
#include "base/aligned.h"
#include "base/status.h"
#include "os/file.h"
#include "os/mapping.h"

namespace skalar {

// Bytes under one checksum.
inline constexpr size_t kSectionBlock = 16 * 1024;
inline constexpr size_t kMostSections = 32;

// What the file is of, for whoever writes and reads it: numbers without padding between them.
using SectionNotes = std::array<uint8_t, 512>;

class SectionFile {
 public:
  // Of a file whose header has this checksum. kUnusable when there is none, or it is not whole.
  static Status Open(const char* path, uint32_t crc, std::shared_ptr<const SectionFile>* file);

  const SectionNotes& notes() const { return notes_; }
  // Bytes of a section; 0 where there is none.
  size_t bytes(size_t section) const;
  // Where a section lies in memory; may be read by all, whatever it holds. Pages that are written
  // to are this mapping's own from then on, and nobody else's.
  uint8_t* data(size_t section) const;

  // Whether the blocks of these bytes are intact.
  bool Check(size_t section, size_t offset, size_t bytes) const;
  // Whether all blocks of a section are.
  bool Check(size_t section) const { return Check(section, 0, bytes(section)); }
  // Goes on checking all blocks, for some milliseconds: whether that has come to its end. One
  // thread at a time.
  bool CheckOn(const AbortFlag& abort) const;
  // All blocks were checked.
  bool checked() const { return checked_.load(std::memory_order_acquire); }
  // A block is not as it was written.
  bool damaged() const { return damaged_.load(std::memory_order_acquire); }

  // Bytes of the file.
  size_t size() const { return original_.size(); }

 private:
  struct Section {
    uint64_t offset;
    uint64_t bytes;
    uint64_t first_block;
  };
  struct Header;
  friend class SectionWriter;

  SectionFile() = default;
  bool CheckBlock(size_t section, size_t block) const;

  // The next one that CheckOn() looks at.
  mutable size_t next_section_ = 0;
  mutable size_t next_block_ = 0;

  // As it is on disk, and what is given to others.
  os::Mapping original_;
  os::Mapping mapping_;
  SectionNotes notes_;
  std::array<Section, kMostSections> sections_;
  const uint32_t* checksums_ = nullptr;
  // A bit for each block that was found intact.
  mutable std::vector<std::atomic<uint64_t>> intact_;
  mutable std::atomic<bool> checked_{false};
  mutable std::atomic<bool> damaged_{false};
};

// Writes one: section by section in any order of numbers, each from its begin to its end.
class SectionWriter {
 public:
  // Not a SectionWriter of a path that cannot be written: Finish() tells.
  explicit SectionWriter(const char* path);

  // What is put from now on belongs to this section, which has none yet.
  void Begin(size_t section);
  void Put(const void* bytes, size_t size);
  // Writes what is left, the checksums and the header, and has it all on disk. `crc` is that of the
  // header. kUnusable where any of it could not be written.
  Status Finish(const SectionNotes& notes, uint32_t* crc);

 private:
  void End();
  void WriteBuffer();

  os::File file_;
  bool ok_;
  // Where the buffer goes.
  uint64_t offset_;
  AlignedArray<uint8_t> buffer_;
  size_t filled_ = 0;
  size_t section_ = kMostSections;
  std::array<SectionFile::Section, kMostSections> sections_ = {};
  std::vector<uint32_t> checksums_;
};

}  // namespace skalar

#endif  // SKALAR_STORE_SECTION_FILE_H_
