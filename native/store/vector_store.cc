#include "store/vector_store.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "store/row.h"

namespace skalar {
namespace {

// At common dimensions one huge page of rows and less than two: large enough for sequential reads,
// small enough to copy on write.
unsigned ChunkShift(size_t stride) {
  const size_t slots = std::clamp<size_t>(kHugePage / (4 * stride), 64, 4096);
  return static_cast<unsigned>(std::bit_width(slots - 1));
}

// Makes what other threads did before they let go of `shared` happen before what this one does
// next. Reading a count synchronizes with nothing; giving up a reference does, since whoever gives
// up the last one frees the object.
template <class T>
void SynchronizeWithFormerHolders(const std::shared_ptr<T>& shared) {
  std::shared_ptr<T> reference = shared;
}

}  // namespace

void VectorStore::View::WriteVector(uint32_t slot, float* vector) const {
  WriteTimes(ScaleOf(NormOf(slot)), slot, vector);
}

void VectorStore::View::WriteDirection(uint32_t slot, float* direction) const {
  // Multiplied, which is faster: what it misses, of the 53rd bit, is far below the rounding to
  // float32.
  WriteTimes(1 / ScaledNorm(NormOf(slot)), slot, direction);
}

void VectorStore::View::WriteTimes(double factor, uint32_t slot, float* out) const {
  const float* row = Row(slot);
  std::transform(row, row + dimension_, out,
                 [factor](float component) { return static_cast<float>(component * factor); });
}

VectorStore::VectorStore(size_t dimension) {
  view_.dimension_ = dimension;
  view_.stride_ = PaddedDimension(dimension);
  view_.chunk_shift_ = ChunkShift(view_.stride_);
  view_.chunks_ = std::make_shared<Chunks>();
}

Status VectorStore::Put(const uint32_t* slots, const uint8_t* rows, size_t count,
                        uint64_t position) {
  if (count == 0) return Status::Ok();
  const uint32_t highest = *std::max_element(slots, slots + count);
  if (Status status = Grow(view_.ChunkOf(highest) + 1); !status.ok()) return status;
  const size_t dimension = view_.dimension_;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* row = rows + i * RowBytes(dimension);
    Chunk* chunk = Writable(slots[i]);
    if (chunk == nullptr) return Status::OutOfMemory("no memory to copy a chunk of vectors");
    const size_t index = view_.IndexOf(slots[i]);
    RowHeader header;
    std::memcpy(&header, row, sizeof header);
    float* vector = chunk->rows.get() + index * view_.stride_;
    std::memcpy(vector, row + kRowHeaderBytes, 4 * dimension);
    std::fill(vector + dimension, vector + view_.stride_, 0.0f);
    chunk->norms[index] = header.norm;
    view_.shortest_ = std::min(view_.shortest_, header.norm);
    view_.longest_ = std::max(view_.longest_, header.norm);
    chunk->ordinals[index] = header.ordinal;
    chunk->changed[index] = position;
    chunk->used = std::max(chunk->used, index + 1);
    const uint64_t bit = uint64_t{1} << (index % 64);
    // Release: a reader that sees the bit sees the row.
    if (!(chunk->live[index / 64].fetch_or(bit, std::memory_order_release) & bit)) ++live_count_;
  }
  return Status::Ok();
}

void VectorStore::Remove(const uint32_t* slots, size_t count, uint64_t position) {
  for (size_t i = 0; i < count; ++i) {
    if (!view_.IsLive(slots[i])) continue;
    Chunk& chunk = *Clearable(slots[i]);
    if (chunk.changed == nullptr) chunk.changed.reset(new uint64_t[view_.chunk_slots()]());
    const size_t index = view_.IndexOf(slots[i]);
    chunk.live[index / 64].fetch_and(~(uint64_t{1} << (index % 64)), std::memory_order_relaxed);
    chunk.changed[index] = position;
    --live_count_;
  }
}

bool VectorStore::ChangedSince(uint32_t slot, uint64_t position) const {
  const size_t chunk = view_.ChunkOf(slot);
  if (chunk >= view_.chunk_count()) return true;
  const std::shared_ptr<uint64_t[]>& changed = view_.chunk(chunk).changed;
  return changed != nullptr && changed[view_.IndexOf(slot)] > position;
}

uint32_t VectorStore::OrdinalOf(uint32_t slot) const {
  return view_.chunk(view_.ChunkOf(slot)).ordinals[view_.IndexOf(slot)];
}

void VectorStore::FetchRecord(uint32_t slot) const {
  const size_t chunk = view_.ChunkOf(slot);
  if (chunk >= view_.chunk_count()) return;
  if (const uint64_t* changed = view_.chunk(chunk).changed.get()) {
    Prefetch(&changed[view_.IndexOf(slot)]);
  }
  Prefetch(&view_.chunk(chunk).ordinals[view_.IndexOf(slot)]);
}

size_t VectorStore::memory() const {
  const auto is_memory = [](const auto& chunk) { return chunk->file == nullptr; };
  return ChunkBytes() * std::count_if(view_.chunks_->begin(), view_.chunks_->end(), is_memory);
}

Status VectorStore::Grow(size_t chunk_count) {
  if (chunk_count <= view_.chunk_count()) return Status::Ok();
  // Views keep the table they have; it is never changed in place.
  auto grown = std::make_shared<Chunks>(*view_.chunks_);
  while (grown->size() < chunk_count) {
    std::shared_ptr<Chunk> chunk = NewChunk(grown->size());
    if (chunk == nullptr) return Status::OutOfMemory("no memory for more vectors");
    grown->push_back(std::move(chunk));
  }
  view_.chunks_ = std::move(grown);
  return Status::Ok();
}

Chunk* VectorStore::Writable(uint32_t slot) {
  const size_t chunk_index = view_.ChunkOf(slot);
  std::shared_ptr<Chunk>& current = (*view_.chunks_)[chunk_index];
  // No View reads behind the highest live bit it has seen.
  const bool is_memory = current->file == nullptr;
  if (is_memory && view_.IndexOf(slot) >= current->used) return current.get();
  // Only this thread hands out new references, so counts can only fall meanwhile.
  if (is_memory && view_.chunks_.use_count() == 1 && current.use_count() == 1 &&
      current->rows.use_count() == 1) {
    SynchronizeWithFormerHolders(view_.chunks_);
    SynchronizeWithFormerHolders(current);
    SynchronizeWithFormerHolders(current->rows);
    return current.get();
  }
  std::shared_ptr<Chunk> copy = NewChunk(chunk_index);
  if (copy == nullptr) return nullptr;
  const auto first = static_cast<uint32_t>(chunk_index << view_.chunk_shift_);
  const size_t used = current->used;
  if (used > 0) view_.Touch(first, used);
  std::memcpy(copy->rows.get(), current->rows.get(), used * view_.stride_ * sizeof(float));
  std::copy_n(current->norms.get(), used, copy->norms.get());
  std::copy_n(current->ordinals.get(), used, copy->ordinals.get());
  if (current->changed != nullptr) {
    std::copy_n(current->changed.get(), used, copy->changed.get());
  }
  for (size_t i = 0; i < view_.chunk_slots() / 64; ++i) {
    copy->live[i].store(current->live[i].load());
  }
  copy->used = current->used;
  Chunk* writable = copy.get();
  Replace(chunk_index, std::move(copy));
  return writable;
}

Chunk* VectorStore::Clearable(uint32_t slot) {
  const size_t chunk_index = view_.ChunkOf(slot);
  const std::shared_ptr<Chunk>& current = (*view_.chunks_)[chunk_index];
  if (view_.chunks_.use_count() == 1 && current.use_count() == 1) return current.get();
  auto twin = std::make_shared<Chunk>();
  twin->rows = current->rows;
  twin->norms = current->norms;
  twin->ordinals = current->ordinals;
  twin->changed = current->changed;
  twin->used = current->used;
  twin->file = current->file;
  const size_t words = view_.chunk_slots() / 64;
  twin->live = std::make_unique<std::atomic<uint64_t>[]>(words);
  for (size_t i = 0; i < words; ++i) twin->live[i].store(current->live[i].load());
  Chunk* clearable = twin.get();
  Replace(chunk_index, std::move(twin));
  return clearable;
}

void VectorStore::Replace(size_t chunk_index, std::shared_ptr<Chunk> chunk) {
  if (view_.chunks_.use_count() > 1) {
    view_.chunks_ = std::make_shared<Chunks>(*view_.chunks_);  // Views keep the table they have.
  } else {
    SynchronizeWithFormerHolders(view_.chunks_);
  }
  (*view_.chunks_)[chunk_index] = std::move(chunk);
}

std::shared_ptr<Chunk> VectorStore::NewChunk(size_t index) const {
  const size_t slots = view_.chunk_slots();
  auto chunk = std::make_shared<Chunk>();
  // The first one takes ordinary pages, so that a collection of a few vectors stays small.
  const size_t floats = slots * view_.stride_;
  chunk->rows = index == 0 ? AllocateAligned<float>(floats) : AllocateHuge<float>(floats);
  chunk->norms.reset(new (std::nothrow) double[slots]);
  chunk->ordinals.reset(new (std::nothrow) uint32_t[slots]);
  chunk->changed.reset(new (std::nothrow) uint64_t[slots]());
  chunk->live.reset(new (std::nothrow) std::atomic<uint64_t>[slots / 64]());
  const bool complete =
      chunk->rows && chunk->norms && chunk->ordinals && chunk->changed && chunk->live;
  return complete ? chunk : nullptr;
}

size_t VectorStore::ChunkBytes() const {
  const size_t columns = sizeof(double) + sizeof(uint32_t) + sizeof(uint64_t);
  return view_.chunk_slots() * (view_.stride_ * sizeof(float) + columns) + view_.chunk_slots() / 8;
}

}  // namespace skalar
