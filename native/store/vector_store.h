// The vectors of one space in memory: slot → vector as its row has it (store/row.h), length and
// ordinal, in chunks of contiguous rows.
//
// Thread safety: methods that change the store, and Snapshot(), belong to one thread (the
// JavaScript thread). A View may be read from any thread while the store changes.
//
// Invariants:
// - A row that a View can reach never changes. A slot behind all that its chunk ever held is
//   written before its live bit is set; any other (used again, or a hole that was passed over) is
//   written in place only when no View holds its chunk, else the chunk is copied first
//   (copy-on-write).
// - What is removed stays live in the Views that were taken before: a record whose vector is
//   replaced is in one slot or the other of every View. Whoever shows results checks them with
//   ChangedSince().
// - A reader takes a live bit before the row it stands for. Rows without one hold anything, but up
//   to the highest live one of a chunk they may be read, as kernels do that take whole stretches.
// - Chunks of a file (store/section_file.h) are mapped, not copied: they are never written, and a
// row
//   is checked when it is first asked for. Where one was damaged, so is the whole store: its
//   answers are void.
// - Rows are padded with zeros to whole kernel lanes and begin at a cache line.
// - Where memory is refused, by a Status or by an exception of the standard library, each slot is
// as
//   it was or as it was to be: doing the same again does the rest.

#ifndef SKALAR_STORE_VECTOR_STORE_H_
#define SKALAR_STORE_VECTOR_STORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "base/abort.h"
#include "base/aligned.h"
#include "base/prefetch.h"
#include "base/status.h"
#include "store/section_file.h"

namespace skalar {

// A fixed number of consecutive slots; a power of two and at least 64.
struct Chunk {
  std::shared_ptr<float[]> rows;         // capacity × stride
  std::shared_ptr<double[]> norms;       // |x| of each slot
  std::shared_ptr<uint32_t[]> ordinals;  // record of each slot
  std::shared_ptr<uint64_t[]> changed;   // log position of each slot's last change, or null: 0
  std::unique_ptr<std::atomic<uint64_t>[]> live;  // one bit a slot
  size_t used = 0;  // no slot from this one on was ever put; for the changing thread only
  std::shared_ptr<const SectionFile> file;  // that the rows lie in; null where they are memory

  bool IsLive(size_t index) const {
    return live[index / 64].load(std::memory_order_acquire) >> (index % 64) & 1;
  }
};

class VectorStore {
 public:
  using Chunks = std::vector<std::shared_ptr<Chunk>>;

  // An immutable look at the store.
  class View {
   public:
    size_t dimension() const { return dimension_; }
    // Floats from one row to the next; also the padded length of a query.
    size_t stride() const { return stride_; }
    size_t chunk_slots() const { return size_t{1} << chunk_shift_; }
    size_t chunk_count() const { return chunks_->size(); }
    const Chunk& chunk(size_t index) const { return *(*chunks_)[index]; }

    bool IsLive(uint32_t slot) const {
      return ChunkOf(slot) < chunk_count() && chunk(ChunkOf(slot)).IsLive(IndexOf(slot));
    }
    const float* Row(uint32_t slot) const {
      Touch(slot, 1);
      return chunk(ChunkOf(slot)).rows.get() + IndexOf(slot) * stride_;
    }
    // To be called before rows are read that Row() was not asked for. Requires: they lie in one
    // chunk.
    void Touch(uint32_t first, size_t count) const {
      const Chunk& touched = chunk(ChunkOf(first));
      if (touched.file != nullptr && !touched.file->checked()) CheckSlots(first, count);
    }
    // Asks for what Row() leads to.
    SKALAR_ONLY_FETCHES void FetchRow(uint32_t slot) const {
      Prefetch(chunk(ChunkOf(slot)).rows.get() + IndexOf(slot) * stride_, stride_ * sizeof(float));
    }
    double NormOf(uint32_t slot) const { return chunk(ChunkOf(slot)).norms[IndexOf(slot)]; }
    // Asks for it. Requires: the slot was put once.
    SKALAR_ONLY_FETCHES void FetchNorm(uint32_t slot) const {
      Prefetch(&chunk(ChunkOf(slot)).norms[IndexOf(slot)]);
    }
    // Writes the vector of a slot as it was given, without padding; or as a unit vector (zeros for
    // a zero vector).
    void WriteVector(uint32_t slot, float* vector) const;
    void WriteDirection(uint32_t slot, float* direction) const;

    // Writes all rows into sections of a file, and what Open() reads of its notes; false when it
    // was told to stop. On any thread. Slots that are put meanwhile may be in it or not.
    bool Write(SectionWriter* writer, SectionNotes* notes, const AbortFlag& abort) const;

   private:
    friend class VectorStore;
    void CheckSlots(uint32_t first, size_t count) const;
    void WriteTimes(double factor, uint32_t slot, float* out) const;
    size_t ChunkOf(uint32_t slot) const { return slot >> chunk_shift_; }
    size_t IndexOf(uint32_t slot) const { return slot & (chunk_slots() - 1); }

    size_t dimension_ = 0;
    size_t stride_ = 0;
    unsigned chunk_shift_ = 0;
    std::shared_ptr<Chunks> chunks_;
    // As of the snapshot.
    double shortest_ = std::numeric_limits<double>::infinity();
    double longest_ = 0;
  };

  explicit VectorStore(size_t dimension);

  // What View::Write() has written, as of a log position that all are before. Requires: nothing was
  // put. kUnusable when the file is not of this dimension; or kOutOfMemory.
  Status Open(std::shared_ptr<const SectionFile> file);

  // Makes `slots[i]` hold `rows[i]` (layout: store/row.h) as of a log position of at least 1. On
  // failure some of the rows may have been taken; putting them again is harmless.
  Status Put(const uint32_t* slots, const uint8_t* rows, size_t count, uint64_t position);

  // Forgets slots as of a log position; a slot that is not live is passed over.
  void Remove(const uint32_t* slots, size_t count, uint64_t position);

  // Cheap; the rows it reaches stay until it is destroyed.
  View Snapshot() const { return view_; }

  // True when the slot was put or removed after a log position.
  bool ChangedSince(uint32_t slot, uint64_t position) const;

  // The record a slot belongs to. Requires: the slot was put once.
  uint32_t OrdinalOf(uint32_t slot) const;

  // Asks for what these two read.
  void FetchRecord(uint32_t slot) const;

  size_t dimension() const { return view_.dimension_; }
  size_t live_count() const { return live_count_; }
  // Longest over shortest vector that was ever put; infinite where one has no length.
  double spread() const {
    return view_.shortest_ > view_.longest_ ? 1 : view_.longest_ / view_.shortest_;
  }
  // Bytes allocated for rows and their columns.
  size_t memory() const;
  // Whether rows of a file were found to be damaged.
  bool damaged() const { return file_ != nullptr && file_->damaged(); }

 private:
  Status Grow(size_t chunk_count);
  // The chunk of a slot whose live bit is to be cleared: one with live bits of its own, where a
  // View holds it.
  Chunk* Clearable(uint32_t slot);
  // The chunk of a slot that is to be written, copied first where a View may be reading the slot.
  Chunk* Writable(uint32_t slot);
  void Replace(size_t chunk_index, std::shared_ptr<Chunk> chunk);
  std::shared_ptr<Chunk> NewChunk(size_t index) const;
  size_t ChunkBytes() const;

  View view_;
  size_t live_count_ = 0;
  std::shared_ptr<const SectionFile> file_;
};

}  // namespace skalar

#endif  // SKALAR_STORE_VECTOR_STORE_H_
