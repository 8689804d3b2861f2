#include "hnsw/build.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "hnsw/linker.h"

namespace skalar::hnsw {
namespace {

// With fewer nodes, threads that cannot see each other's would leave a graph in pieces.
constexpr size_t kFewNodes = 1024;

// Slots of one Build: more than threads link in the time it gets.
constexpr size_t kMostLinked = 4096;

}  // namespace

Build::Build(Index* index, VectorStore::View vectors)
    : index_(index),
      vectors_(std::move(vectors)),
      format_(index->graph_.format()),
      first_(index->nodes_) {
  const size_t most = first_ < kFewNodes ? kFewNodes : kMostLinked;
  index_->EachWaiting([&](uint32_t slot) {
    slots_.push_back(slot);
    return slots_.size() < most;
  });
  for (const uint32_t slot : slots_) index_->node_of_[slot] = Index::kLinking;
  if (index_->reference_ == 0) index_->SetReference(vectors_);
  reference_ = index_->reference_;
  status_ = first_ + slots_.size() < kMaxNodes
                ? index_->graph_.Reserve(first_ + slots_.size())
                : Status::OutOfMemory("the graph has as many nodes as it can have");
  graph_ = index_->graph_.view();
  entries_ = index_->entries_;
  if (entries_ == nullptr) {
    entries_ = std::make_shared<const std::vector<uint32_t>>(1, 0);
  }
}

size_t Build::Parallelism() const {
  if (!status_.ok() || slots_.empty()) return 0;
  return first_ < kFewNodes ? 1 : slots_.size();
}

void Build::Work(std::chrono::steady_clock::time_point end) {
  const Options& options = index_->options_;
  std::unique_ptr<Scratch> scratch = index_->scratches_->Take();
  Linker linker(graph_, format_, options.metric, options.M, options.ef_construction,
                index_->locks_.get(), scratch.get());
  while (std::chrono::steady_clock::now() < end) {
    const size_t i = next_.fetch_add(1);
    if (i >= slots_.size()) break;
    const auto node = static_cast<uint32_t>(first_ + i);
    float* prepared = scratch->prepared.data();
    vectors_.WriteDirection(slots_[i], prepared);
    format_.Prepare(prepared);
    const CodeNumbers numbers = Encode(format_, prepared, graph_.Code(node), graph_.Lower(node));
    const double norm = vectors_.NormOf(slots_[i]);
    graph_.PointOf(node) = PointFor(options.metric, numbers, norm, reference_);
    graph_.DetailOf(node) = DetailFor(options.metric, numbers, norm, reference_);
    if (node > 0) Add(node, &linker);
  }
  {
    std::lock_guard lock(mutex_);
    orphans_.insert(orphans_.end(), linker.orphans().begin(), linker.orphans().end());
    intrinsic_dimension_.Add(linker.intrinsic_dimension());
  }
  index_->scratches_->Give(std::move(scratch));
}

void Build::Add(uint32_t node, Linker* linker) const {
  const uint32_t head = linker->Find(node, *entries_);
  if (head == kNoNode) {
    linker->Link(node);
  } else {
    linker->Join(head, node, AreCopies(head, node));
  }
}

uint32_t Build::SlotFor(uint32_t node) const {
  if (node >= first_) return slots_[node - first_];
  const bool stands = graph_.Death(node).load(std::memory_order_relaxed) == kAlive;
  return stands ? graph_.SlotOf(node) : kNoSlot;
}

bool Build::AreCopies(uint32_t head, uint32_t node) const {
  const uint32_t a = SlotFor(head);
  const uint32_t b = SlotFor(node);
  if (a == kNoSlot || !vectors_.IsLive(a) || !vectors_.IsLive(b)) return false;
  return std::bit_cast<uint64_t>(vectors_.NormOf(a)) ==
             std::bit_cast<uint64_t>(vectors_.NormOf(b)) &&
         std::memcmp(vectors_.Row(a), vectors_.Row(b), vectors_.stride() * sizeof(float)) == 0;
}

void Build::Finish() {
  const size_t linked = std::min(next_.load(), slots_.size());
  for (size_t i = linked; i < slots_.size(); ++i) {
    uint32_t& state = index_->node_of_[slots_[i]];
    if (state == Index::kLinking) state = Index::kWaiting;
  }
  for (size_t i = 0; i < linked; ++i) {
    // Removed meanwhile, or put again: then the node is dead from the start.
    if (index_->node_of_[slots_[i]] != Index::kLinking) continue;
    const auto node = static_cast<uint32_t>(first_ + i);
    index_->node_of_[slots_[i]] = node;
    graph_.SlotOf(node) = slots_[i];
    graph_.Death(node).store(kAlive, std::memory_order_relaxed);
    --index_->waiting_;
    ++index_->alive_;
  }
  index_->nodes_ += linked;
  index_->waiting_slots_ = nullptr;
  size_t first = index_->node_of_.size();
  index_->EachWaiting([&first](uint32_t slot) {
    first = slot;
    return false;
  });
  index_->first_waiting_ = first;
  index_->intrinsic_dimension_.Add(intrinsic_dimension_);
  if (linked > 0) index_->SetEntries(orphans_);
}

}  // namespace skalar::hnsw
