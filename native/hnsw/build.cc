#include "hnsw/build.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/crc32c.h"
#include "hnsw/linker.h"
#include "score/whitened.h"
#include "store/row.h"

namespace skalar::hnsw {
namespace {

// With fewer nodes, threads that cannot see each other's would leave a graph in pieces.
constexpr size_t kFewNodes = 1024;

// Slots of one Build: more than threads link in the time it gets.
constexpr size_t kMostLinked = 4096;

// Images that a thread makes at once: a matrix is multiplied with several rows as fast as with one.
constexpr size_t kImages = 8;

}  // namespace

Build::Build(Index* index, VectorStore::View vectors)
    : index_(index),
      vectors_(std::move(vectors)),
      format_(index->graph_.format()),
      frame_(index->frame_),
      first_(index->nodes_) {
  const size_t most = first_ < kFewNodes ? kFewNodes : kMostLinked;
  index_->EachWaiting([&](uint32_t slot) {
    slots_.push_back(slot);
    return slots_.size() < most;
  });
  if (!index_->checked()) {
    slots_.clear();
    status_ = Status::Unusable("nothing is linked before the file of the graph is checked");
    return;
  }
  linked_.resize(slots_.size());
  room_for_entries_ = index_->RoomForEntries();
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
  for (const uint32_t slot : slots_) index_->node_of_[slot] = Index::kLinking;
}

class Build::Share {
 public:
  explicit Share(Build* build)
      : build_(*build),
        scratch_(build->index_->scratches_->Take()),
        orphans_(1),
        linker_(build->graph_, build->format_, OrderOf(build->index_->options_.metric),
                build->index_->options_.M, build->index_->options_.ef_construction,
                build->index_->locks_.get(), scratch_.get()) {}
  ~Share() {
    orphans_.front().swap(linker_.orphans());
    {
      std::lock_guard lock(build_.mutex_);
      build_.orphans_.splice(build_.orphans_.end(), orphans_);
      build_.intrinsic_dimension_.Add(linker_.intrinsic_dimension());
    }
    build_.index_->scratches_->Give(std::move(scratch_));
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  Scratch& scratch() { return *scratch_; }
  Linker& linker() { return linker_; }

 private:
  Build& build_;
  std::unique_ptr<Scratch> scratch_;
  std::list<std::vector<uint32_t>> orphans_;
  Linker linker_;
};

size_t Build::Parallelism() const {
  if (!status_.ok() || slots_.empty()) return 0;
  return first_ < kFewNodes ? 1 : slots_.size();
}

void Build::Work(std::chrono::steady_clock::time_point end) {
  Share share(this);
  std::vector<uint8_t> images;
  const size_t some = frame_ ? kImages : 1;
  while (std::chrono::steady_clock::now() < end) {
    const size_t i = next_.fetch_add(some);
    if (i >= slots_.size()) break;
    AddAll(i, std::min(i + some, slots_.size()), &images, &share);
  }
}

void Build::AddAll(size_t begin, size_t end, std::vector<uint8_t>* images, Share* share) {
  const Metric order = OrderOf(index_->options_.metric);
  const size_t dimension = vectors_.dimension();
  if (frame_) {
    images->resize(kImages * RowBytes(dimension));
    double distances[kImages];
    WriteImages(*frame_, vectors_, &slots_[begin], end - begin, images->data(), distances);
  }
  for (size_t i = begin; i < end; ++i) {
    const auto node = static_cast<uint32_t>(first_ + i);
    float* prepared = share->scratch().prepared.data();
    double norm;
    if (frame_) {
      norm = ReadDirection(images->data() + (i - begin) * RowBytes(dimension), dimension, prepared);
    } else {
      norm = vectors_.NormOf(slots_[i]);
      vectors_.WriteDirection(slots_[i], prepared);
    }
    format_.Prepare(prepared);
    const CodeNumbers numbers = Encode(format_, prepared, graph_.Code(node), graph_.Lower(node));
    graph_.PointOf(node) = PointFor(order, numbers, norm, reference_);
    graph_.DetailOf(node) = DetailFor(order, numbers, norm, reference_);
    if (node > 0) Add(node, &share->linker());
    linked_[i] = true;
  }
}

void Build::Add(uint32_t node, Linker* linker) {
  const uint32_t kind = Crc32c(graph_.Code(node), graph_.code_bytes());
  const std::lock_guard lock(adding_[kind % adding_.size()]);
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
  // Numbers behind the last linked node are given again: nothing has been done with them.
  size_t linked = slots_.size();
  while (linked > 0 && !linked_[linked - 1]) --linked;
  for (size_t i = 0; i < slots_.size(); ++i) {
    // Removed meanwhile, or put again: then the node is dead from the start.
    if (index_->node_of_[slots_[i]] != Index::kLinking) continue;
    if (!linked_[i]) {
      // So is one in front of others that could not be linked: it has no neighbours, and no list
      // names it. Its slot gets another one.
      index_->node_of_[slots_[i]] = Index::kWaiting;
      continue;
    }
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
  if (linked > 0) index_->SetEntries(orphans_, std::move(room_for_entries_));
}

}  // namespace skalar::hnsw
