#include "hnsw/graph.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace skalar::hnsw {

Graph::Graph(const CodeFormat& format, size_t max_links) : format_(format) {
  view_.code_bytes_ = format.code_bytes();
  view_.lower_bytes_ = format.lower_bytes();
  view_.max_links_ = max_links;
  view_.link_stride_ = (max_links + 15) / 16 * 16;
}

Status Graph::Reserve(size_t nodes) {
  if (nodes <= view_.capacity()) return Status::Ok();
  auto grown = view_.table_ ? std::make_shared<Table>(*view_.table_) : std::make_shared<Table>();
  while (grown->chunks.size() << kChunkShift < nodes) {
    std::shared_ptr<const Memory> memory = NewChunk(grown->chunks.size());
    if (memory == nullptr) return Status::OutOfMemory("no memory for more nodes of the graph");
    grown->chunks.push_back(ChunkIn(*memory));
    grown->memory.push_back(std::move(memory));
  }
  view_.chunks_ = grown->chunks.data();
  view_.table_ = std::move(grown);
  return Status::Ok();
}

Status Graph::Map(const std::shared_ptr<const SectionFile>& file, size_t first_section,
                  size_t nodes) {
  const size_t whole = nodes >> kChunkShift;
  const size_t rest = nodes & (kChunkNodes - 1);
  auto table = std::make_shared<Table>();
  table->chunks.resize(whole);
  auto mapped = std::make_shared<Memory>();
  mapped->file = file;
  table->memory.assign(whole, mapped);
  const auto place = [&](auto member, size_t section, size_t bytes, size_t index) {
    using Element = std::remove_reference_t<decltype(Chunk{}.*member)>;
    uint8_t* data = file->data(section) + (index << kChunkShift) * bytes;
    return bytes == 0 ? nullptr : reinterpret_cast<Element>(data);
  };
  if (rest > 0) {
    const std::shared_ptr<const Memory> memory = NewChunk(whole);
    if (memory == nullptr) return Status::OutOfMemory("no memory for more nodes of the graph");
    table->chunks.push_back(ChunkIn(*memory));
    table->memory.push_back(memory);
  }
  size_t section = first_section;
  EachSection([&](auto member, size_t bytes) {
    for (size_t i = 0; i < whole; ++i) {
      table->chunks[i].*member = place(member, section, bytes, i);
    }
    if (rest > 0 && bytes > 0) {
      std::memcpy(table->chunks[whole].*member, place(member, section, bytes, whole), rest * bytes);
    }
    ++section;
  });
  view_.chunks_ = table->chunks.data();
  view_.table_ = std::move(table);
  return Status::Ok();
}

size_t Graph::memory() const {
  if (view_.table_ == nullptr) return 0;
  const auto& memory = view_.table_->memory;
  const auto is_memory = [](const auto& each) { return each->file == nullptr; };
  return ChunkBytes() * std::count_if(memory.begin(), memory.end(), is_memory);
}

Graph::Chunk Graph::ChunkIn(const Memory& memory) {
  return {memory.codes.get(),  memory.lower.get(),   memory.links.get(),
          memory.points.get(), memory.details.get(), memory.stands.get(),
          memory.kin.get(),    memory.deaths.get(),  memory.namers.get()};
}

size_t Graph::ChunkBytes() const {
  return kChunkNodes *
         (format_.code_bytes() + format_.lower_bytes() + link_stride() * sizeof(uint32_t) +
          sizeof(Point) + sizeof(Detail) + sizeof(Stand) + sizeof(uint64_t) + 2 * sizeof(uint32_t));
}

std::shared_ptr<const Graph::Memory> Graph::NewChunk(size_t index) const {
  auto chunk = std::make_shared<Memory>();
  chunk->codes = AllocateHuge<uint8_t>(kChunkNodes * format_.code_bytes());
  if (format_.has_lower()) {
    chunk->lower = AllocateHuge<uint8_t>(kChunkNodes * format_.lower_bytes());
  }
  chunk->links = AllocateHuge<uint32_t>(kChunkNodes * link_stride());
  chunk->points = AllocateAligned<Point>(kChunkNodes);
  chunk->details = AllocateAligned<Detail>(kChunkNodes);
  chunk->stands = AllocateAligned<Stand>(kChunkNodes);
  chunk->kin = AllocateAligned<uint32_t>(kChunkNodes);
  chunk->deaths = AllocateAligned<uint64_t>(kChunkNodes);
  chunk->namers = AllocateAligned<uint32_t>(kChunkNodes);
  const bool complete = chunk->codes && (chunk->lower || !format_.has_lower()) && chunk->links &&
                        chunk->points && chunk->details && chunk->stands && chunk->kin &&
                        chunk->deaths && chunk->namers;
  if (!complete) return nullptr;
  const auto first = static_cast<uint32_t>(index << kChunkShift);
  // Dead, until the index says otherwise.
  std::fill_n(chunk->deaths.get(), kChunkNodes, 0);
  std::fill_n(chunk->namers.get(), kChunkNodes, 0);
  for (uint32_t i = 0; i < kChunkNodes; ++i) {
    std::fill_n(chunk->links.get() + i * link_stride(), link_stride(), first + i);
    chunk->stands[i] = {kNoSlot, first + i};
    chunk->kin[i] = first + i;
  }
  return chunk;
}

}  // namespace skalar::hnsw
