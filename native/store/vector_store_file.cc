// VectorStore::View::Write() and VectorStore::Open(): sections 0 to 3 of a file (docs/format.md).

#include <algorithm>
#include <bit>
#include <cstring>

#include "store/vector_store.h"

namespace skalar {
namespace {

enum Section : size_t { kRows, kNorms, kOrdinals, kLive };

// The first of the file's notes.
struct Notes {
  uint64_t dimension;
  uint64_t slots;  // a multiple of 64
  uint64_t live;
  double shortest;
  double longest;
};

// Slots whose rows are written at once: those of a word of live bits.
constexpr size_t kWord = 64;

size_t WordsOf(const VectorStore::View& view) { return view.chunk_slots() / kWord; }

}  // namespace

bool VectorStore::View::Write(SectionWriter* writer, SectionNotes* notes,
                              const AbortFlag& abort) const {
  // Once and for all: slots that are put meanwhile come to live in the same chunks.
  std::vector<uint64_t> live;
  live.reserve(chunk_count() * WordsOf(*this));
  for (size_t c = 0; c < chunk_count(); ++c) {
    for (size_t word = 0; word < WordsOf(*this); ++word) {
      live.push_back(chunk(c).live[word].load(std::memory_order_acquire));
    }
  }
  while (!live.empty() && live.back() == 0) live.pop_back();
  const auto each_word = [&](auto put) {
    for (size_t word = 0; word < live.size(); ++word) {
      if (IsStopped(abort)) return false;
      put(live[word], chunk(word / WordsOf(*this)), word % WordsOf(*this) * kWord);
    }
    return true;
  };
  const std::vector<float> none(kWord * stride_);
  writer->Begin(kRows);
  const bool all = each_word([&](uint64_t bits, const Chunk& from, size_t index) {
    const float* rows = bits == 0 ? none.data() : from.rows.get() + index * stride_;
    writer->Put(rows, kWord * stride_ * sizeof(float));
  });
  if (!all) return false;
  const auto put_column = [&](Section section, auto column, auto zero) {
    writer->Begin(section);
    return each_word([&](uint64_t bits, const Chunk& from, size_t index) {
      decltype(zero) values[kWord];
      for (size_t i = 0; i < kWord; ++i) {
        values[i] = bits >> i & 1 ? column(from)[index + i] : zero;
      }
      writer->Put(values, sizeof values);
    });
  };
  if (!put_column(
          kNorms, [](const Chunk& from) { return from.norms.get(); }, 0.0) ||
      !put_column(
          kOrdinals, [](const Chunk& from) { return from.ordinals.get(); }, uint32_t{0})) {
    return false;
  }
  writer->Begin(kLive);
  writer->Put(live.data(), live.size() * sizeof(uint64_t));
  Notes found = {dimension_, live.size() * kWord, 0, shortest_, longest_};
  for (const uint64_t bits : live) found.live += std::popcount(bits);
  std::memcpy(notes->data(), &found, sizeof found);
  return true;
}

Status VectorStore::Open(std::shared_ptr<const SectionFile> file) {
  Notes notes;
  std::memcpy(&notes, file->notes().data(), sizeof notes);
  if (notes.dimension != view_.dimension_) return Status::Unusable("the file holds other vectors");
  if (!file->Check(kLive)) return Status::Unusable("the file is damaged");
  auto* rows = reinterpret_cast<float*>(file->data(kRows));
  auto* norms = reinterpret_cast<double*>(file->data(kNorms));
  auto* ordinals = reinterpret_cast<uint32_t*>(file->data(kOrdinals));
  const auto* live = reinterpret_cast<const uint64_t*>(file->data(kLive));
  const size_t slots = view_.chunk_slots();
  auto chunks = std::make_shared<Chunks>();
  for (size_t first = 0; first < notes.slots; first += slots) {
    auto chunk = std::make_shared<Chunk>();
    // They keep the file as it is.
    chunk->rows = {file, rows + first * view_.stride_};
    chunk->norms = {file, norms + first};
    chunk->ordinals = {file, ordinals + first};
    chunk->live = std::make_unique<std::atomic<uint64_t>[]>(slots / kWord);
    chunk->used = std::min(slots, notes.slots - first);
    for (size_t word = 0; word < chunk->used / kWord; ++word) {
      chunk->live[word].store(live[first / kWord + word], std::memory_order_relaxed);
    }
    chunk->file = file;
    chunks->push_back(std::move(chunk));
  }
  view_.chunks_ = std::move(chunks);
  view_.shortest_ = notes.shortest;
  view_.longest_ = notes.longest;
  live_count_ = notes.live;
  file_ = std::move(file);
  return Status::Ok();
}

void VectorStore::View::CheckSlots(uint32_t first, size_t count) const {
  const SectionFile& file = *chunk(ChunkOf(first)).file;
  const auto check = [&](Section section, size_t bytes) {
    // Behind the last slot of the file there is nothing.
    const size_t begin = first * bytes;
    const size_t end = std::min(begin + count * bytes, file.bytes(section));
    if (begin < end) static_cast<void>(file.Check(section, begin, end - begin));
  };
  check(kRows, stride_ * sizeof(float));
  check(kNorms, sizeof(double));
  check(kOrdinals, sizeof(uint32_t));
}

}  // namespace skalar
