#include "hnsw/graph.h"

#include <algorithm>

namespace skalar::hnsw {

Graph::Graph(size_t code_bytes, size_t max_links)
    : code_bytes_(code_bytes), max_links_(max_links), link_stride_((max_links + 15) / 16 * 16) {
  view_.code_bytes_ = code_bytes_;
  view_.max_links_ = max_links_;
  view_.link_stride_ = link_stride_;
}

Status Graph::Reserve(size_t nodes) {
  if (nodes <= view_.capacity()) return Status::Ok();
  auto grown = view_.table_ ? std::make_shared<Table>(*view_.table_) : std::make_shared<Table>();
  while (grown->chunks.size() << kChunkShift < nodes) {
    std::shared_ptr<const Memory> memory = NewChunk(grown->chunks.size());
    if (memory == nullptr) return Status::OutOfMemory("no memory for more nodes of the graph");
    grown->chunks.push_back({memory->codes.get(), memory->links.get(), memory->points.get(),
                             memory->doubts.get(), memory->slots.get(), memory->deaths.get(),
                             memory->namers.get()});
    grown->memory.push_back(std::move(memory));
  }
  view_.chunks_ = grown->chunks.data();
  view_.table_ = std::move(grown);
  return Status::Ok();
}

size_t Graph::memory() const { return (view_.capacity() >> kChunkShift) * ChunkBytes(); }

size_t Graph::ChunkBytes() const {
  return kChunkNodes * (code_bytes_ + link_stride_ * sizeof(uint32_t) + sizeof(Point) +
                        sizeof(Doubt) + sizeof(uint64_t) + 2 * sizeof(uint32_t));
}

std::shared_ptr<const Graph::Memory> Graph::NewChunk(size_t index) const {
  auto chunk = std::make_shared<Memory>();
  chunk->codes = AllocateHuge<uint8_t>(kChunkNodes * code_bytes_);
  chunk->links = AllocateHuge<uint32_t>(kChunkNodes * link_stride_);
  chunk->points = AllocateAligned<Point>(kChunkNodes);
  chunk->doubts = AllocateAligned<Doubt>(kChunkNodes);
  chunk->slots = AllocateAligned<uint32_t>(kChunkNodes);
  chunk->deaths = AllocateAligned<uint64_t>(kChunkNodes);
  chunk->namers = AllocateAligned<uint32_t>(kChunkNodes);
  const bool complete = chunk->codes && chunk->links && chunk->points && chunk->doubts &&
                        chunk->slots && chunk->deaths && chunk->namers;
  if (!complete) return nullptr;
  const auto first = static_cast<uint32_t>(index << kChunkShift);
  std::fill_n(chunk->slots.get(), kChunkNodes, kNoSlot);
  // Dead, until the index says otherwise.
  std::fill_n(chunk->deaths.get(), kChunkNodes, 0);
  std::fill_n(chunk->namers.get(), kChunkNodes, 0);
  for (uint32_t i = 0; i < kChunkNodes; ++i) {
    std::fill_n(chunk->links.get() + i * link_stride_, link_stride_, first + i);
  }
  return chunk;
}

}  // namespace skalar::hnsw
