#include "hnsw/renumber.h"

#include <algorithm>
#include <utility>

namespace skalar::hnsw {
namespace {

// Nodes between two looks at the abort flag: some tens of microseconds.
constexpr uint32_t kAbortStride = 256;

}  // namespace

Renumbering::Renumbering(Index* index)
    : index_(index),
      old_(index->graph_.view()),
      nodes_(index->nodes_),
      entries_(index->entries_),
      copy_(index->graph_.format(), old_.max_links()) {}

std::vector<uint32_t> Renumbering::BreadthFirst(const AbortFlag& abort) const {
  std::vector<uint32_t> order;
  order.reserve(nodes_);
  std::vector<bool> reached(nodes_);
  const auto reach = [&](uint32_t node) {
    if (reached[node]) return;
    // Twins lie behind their head.
    old_.EachOf(node, [&](uint32_t each, bool) {
      reached[each] = true;
      order.push_back(each);
      return true;
    });
  };
  for (const uint32_t entry : *entries_) reach(entry);
  // What no list leads to comes last.
  for (uint32_t next = 0, rest = 0; order.size() < nodes_ || next < order.size();) {
    if (next == order.size()) {
      while (reached[rest]) ++rest;
      reach(old_.HeadOf(rest));
    }
    const uint32_t node = order[next++];
    if (next % kAbortStride == 0 && IsStopped(abort)) break;
    const uint32_t* links = old_.Links(node);
    for (size_t i = 0; i < old_.max_links(); ++i) reach(links[i]);
  }
  return order;
}

void Renumbering::Work(const AbortFlag& abort) {
  if (Status status = copy_.Reserve(nodes_); !status.ok()) {
    status_ = status;
    return;
  }
  const std::vector<uint32_t> order = BreadthFirst(abort);
  if (order.size() < nodes_) return;
  new_number_.resize(nodes_);
  for (uint32_t node = 0; node < nodes_; ++node) new_number_[order[node]] = node;
  const Graph::View copy = copy_.view();
  for (uint32_t node = 0; node < nodes_; ++node) {
    if (node % kAbortStride == 0 && IsStopped(abort)) return;
    const uint32_t old = order[node];
    std::copy_n(old_.Code(old), old_.code_bytes(), copy.Code(node));
    std::copy_n(old_.Lower(old), old_.lower_bytes(), copy.Lower(node));
    copy.PointOf(node) = old_.PointOf(old);
    copy.DetailOf(node) = old_.DetailOf(old);
    copy.Namers(node).store(old_.Namers(old).load());
    if (!old_.IsTwin(old)) CopyTwins(old);
    const uint32_t* from = old_.Links(old);
    std::transform(from, from + old_.link_stride(), copy.Links(node),
                   [this](uint32_t link) { return new_number_[link]; });
  }
  status_ = Status::Ok();
}

void Renumbering::CopyTwins(uint32_t old_head) {
  old_.EachOf(old_head, [&](uint32_t old, bool copied) {
    if (old != old_head) copy_.view().AddTwin(new_number_[old_head], new_number_[old], copied);
    return true;
  });
}

Status Renumbering::Finish() {
  if (!status_.ok()) return status_;
  // All the memory this takes: from here on it cannot fail half-way.
  auto entries = std::make_shared<std::vector<uint32_t>>(*entries_);
  const Graph::View copy = copy_.view();
  for (uint32_t old = 0; old < nodes_; ++old) {
    const uint64_t death = old_.Death(old).load(std::memory_order_relaxed);
    const uint32_t node = new_number_[old];
    copy.SlotOf(node) = old_.SlotOf(old);
    copy.Death(node).store(death, std::memory_order_relaxed);
    if (death == kAlive) index_->node_of_[old_.SlotOf(old)] = node;
  }
  const auto renumber = [this](std::vector<uint32_t>* nodes) {
    for (uint32_t& node : *nodes) node = new_number_[node];
  };
  renumber(entries.get());
  renumber(&index_->chosen_);
  renumber(&index_->orphans_);
  index_->entries_ = std::move(entries);
  index_->graph_ = std::move(copy_);
  index_->file_ = nullptr;
  index_->numbered_at_ = nodes_;
  return Status::Ok();
}

}  // namespace skalar::hnsw
