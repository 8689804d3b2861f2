#include "hnsw/index.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace skalar::hnsw {
namespace {

// A walk scores some ten to thirty nodes for each candidate, each at a higher price than a scan
// pays.
constexpr size_t kScanFactor = 16;

// Slots that wait are scored exactly beside a walk, by kMahalanobis with dimension² multiplications
// each; a scan of all rows has their images made first. So a walk is better with few that wait, or
// one for so many that have a node.
constexpr size_t kFewWaiting = 2000;
constexpr size_t kAliveForWaiting = 8;

// The cosines of neighbours on a circle differ by less than codes, or float32, can tell.
constexpr size_t kFewestDimensions = 3;

// Up to so many, vectors are no longer than both planes of a code, and rank exactly.
constexpr size_t kFewDimensions = 32;

// Slots whose norms decide the reference length.
constexpr size_t kSample = 1000;

// Of the norms this share is longer than the reference length for dot (hnsw/ranker.h). Over GloVe's
// own lengths (bench/similarity/mips.mjs, 20,000 rows, ef 240) recall@10 was 0.949 with a quarter,
// 0.986 with this and 0.994 with all; but with more, pages of copies were missed now and then.
constexpr double kLongShare = 0.4;

bool HasFewDimensions(const Options& options) { return options.dimension <= kFewDimensions; }

CodeFormat FirstFormat(const Options& options) {
  const Codes codes = HasFewDimensions(options) ? Codes::kFloat32 : Codes::kInt8;
  return {options.codes.value_or(codes), options.dimension};
}

}  // namespace

std::unique_ptr<Scratch> ScratchPool::Take() {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Scratch> scratch = std::move(free_.back());
      free_.pop_back();
      return scratch;
    }
    free_.reserve(++made_);
  }
  return std::make_unique<Scratch>(format_);
}

void ScratchPool::Give(std::unique_ptr<Scratch> scratch) {
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(scratch));
}

Index::Index(const Options& options)
    : options_(options),
      locks_(std::make_shared<Locks>()),
      graph_(FirstFormat(options), 2 * options.M),
      scratches_(std::make_shared<ScratchPool>(graph_.format())),
      decided_(options.codes || HasFewDimensions(options)) {
  if (options.metric == Metric::kCosine) reference_ = 1;
  chosen_.reserve(kEntries);
  orphans_.reserve(kMostOrphans);
}

void Index::Use(Graph graph) {
  scratches_ = std::make_shared<ScratchPool>(graph.format());
  graph_ = std::move(graph);
  decided_ = true;
}

size_t Index::memory() const { return graph_.memory() + node_of_.capacity() * sizeof(uint32_t); }

bool Index::scattered() const { return nodes_ - numbered_at_ > nodes_ / 4; }

void Index::Put(uint32_t slot) {
  Remove(slot);
  if (slot >= node_of_.size()) node_of_.resize(size_t{slot} + 1, kNone);
  node_of_[slot] = kWaiting;
  first_waiting_ = std::min<size_t>(first_waiting_, slot);
  ++waiting_;
  waiting_slots_ = nullptr;
}

void Index::Remove(uint32_t slot) {
  if (slot >= node_of_.size() || node_of_[slot] == kNone) return;
  const uint32_t node = std::exchange(node_of_[slot], kNone);
  if (node == kWaiting || node == kLinking) {
    --waiting_;
    waiting_slots_ = nullptr;
    return;
  }
  graph_.view().Death(node).store(++removals_, std::memory_order_relaxed);
  --alive_;
}

size_t Index::MostCandidates() const {
  if (alive_ == 0 || waiting_ > alive_) return 0;
  if (options_.precision && waiting_ > std::max(kFewWaiting, alive_ / kAliveForWaiting)) return 0;
  if (options_.metric == Metric::kCosine && options_.dimension < kFewestDimensions) return 0;
  return (alive_ + waiting_ - 1) / kScanFactor;
}

SlotList Index::WaitingSlots() {
  if (waiting_slots_ == nullptr) {
    std::vector<uint32_t> slots;
    slots.reserve(waiting_);
    EachWaiting([&](uint32_t slot) {
      slots.push_back(slot);
      return true;
    });
    waiting_slots_ = std::make_shared<const std::vector<uint32_t>>(std::move(slots));
  }
  return waiting_slots_;
}

// The norms of some slots that wait decide: the longest of them, or for dot a long one. Requires:
// it is no graph of images.
void Index::SetReference(const VectorStore::View& vectors) {
  const SlotList slots = WaitingSlots();
  std::vector<double> norms;
  for (size_t i = 0; i < slots->size(); i += slots->size() / kSample + 1) {
    if (vectors.IsLive((*slots)[i])) norms.push_back(vectors.NormOf((*slots)[i]));
  }
  std::sort(norms.begin(), norms.end(), std::greater<>());
  const double share = options_.metric == Metric::kDot ? kLongShare : 0;
  const double norm = norms.empty() ? 0 : norms[static_cast<size_t>(share * norms.size())];
  reference_ = norm > 0 ? norm : 1;
}

std::shared_ptr<std::vector<uint32_t>> Index::RoomForEntries() const {
  auto room = std::make_shared<std::vector<uint32_t>>();
  room->reserve(std::max(kEntries, chosen_.size()) + kMostOrphans);
  return room;
}

void Index::SetEntries(const std::list<std::vector<uint32_t>>& new_orphans,
                       std::shared_ptr<std::vector<uint32_t>> room) {
  const bool doubled = nodes_ >= 2 * entries_chosen_at_;
  const bool changed = std::any_of(new_orphans.begin(), new_orphans.end(),
                                   [](const auto& orphans) { return !orphans.empty(); });
  if (!doubled && !changed) return;
  const Graph::View graph = graph_.view();
  if (doubled) {
    entries_chosen_at_ = nodes_;
    chosen_.clear();
    SplitMix random(nodes_);
    for (size_t i = 0; i < std::min(kEntries, nodes_); ++i) {
      chosen_.push_back(graph.HeadOf(static_cast<uint32_t>(random.Next() % nodes_)));
    }
  }
  const auto is_named = [&](uint32_t node) {
    return graph.Namers(node).load(std::memory_order_relaxed) > 0;
  };
  // Dead ones stay: they may be the way to a group of nodes.
  std::erase_if(orphans_, is_named);
  for (const std::vector<uint32_t>& orphans : new_orphans) {
    for (const uint32_t node : orphans) {
      if (is_named(node)) continue;
      if (orphans_.size() == kMostOrphans) orphans_.erase(orphans_.begin());
      orphans_.push_back(node);
    }
  }
  room->assign(chosen_.begin(), chosen_.end());
  room->insert(room->end(), orphans_.begin(), orphans_.end());
  entries_ = std::move(room);
}

std::vector<uint32_t> Index::Live() const {
  std::vector<uint32_t> slots;
  slots.reserve(alive_ + waiting_);
  for (uint32_t slot = 0; slot < node_of_.size(); ++slot) {
    if (node_of_[slot] != kNone) slots.push_back(slot);
  }
  return slots;
}

std::vector<uint32_t> Index::Slots() const {
  std::vector<uint32_t> slots(nodes_);
  const Graph::View graph = graph_.view();
  for (uint32_t node = 0; node < nodes_; ++node) {
    slots[node] = graph.SlotAt(node, {nodes_, removals_});
  }
  return slots;
}

}  // namespace skalar::hnsw
