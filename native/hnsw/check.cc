#include "hnsw/check.h"

namespace skalar::hnsw {
namespace {

// Nodes between two looks at the abort flag: some tens of microseconds.
constexpr uint32_t kAbortStride = 256;

}  // namespace

std::vector<bool> Check::Reach(const AbortFlag& abort, size_t* wrong_names) const {
  std::vector<bool> reached(nodes_);
  std::vector<uint32_t> waiting;
  const auto reach = [&](uint32_t node) {
    if (!IsHead(node)) {
      ++*wrong_names;
    } else if (!reached[node]) {
      reached[node] = true;
      waiting.push_back(node);
    }
  };
  if (entries_) {
    for (const uint32_t entry : *entries_) reach(entry);
  }
  std::vector<bool> seen(nodes_);
  const auto look = [&](uint32_t node) {
    seen[node] = true;
    const uint32_t* links = graph_.Links(node);
    for (size_t i = 0; i < graph_.max_links(); ++i) {
      const uint32_t link = LoadLink(links[i]);
      if (link == node) break;
      reach(link);
    }
  };
  for (uint32_t steps = 0; !waiting.empty(); ++steps) {
    if (steps % kAbortStride == 0 && IsStopped(abort)) return reached;
    const uint32_t node = waiting.back();
    waiting.pop_back();
    look(node);
  }
  // The lists of what no way leads to are looked at, too.
  const std::vector<bool> from_entries = reached;
  for (uint32_t node = 0; node < nodes_; ++node) {
    if (node % kAbortStride == 0 && IsStopped(abort)) break;
    if (!seen[node] && !graph_.IsTwin(node)) look(node);
  }
  return from_entries;
}

Status Check::Work(const AbortFlag& abort, GraphFaults* faults) const {
  const std::vector<bool> reached = Reach(abort, &faults->names);
  for (uint32_t node = 0; node < nodes_; ++node) {
    if (node % kAbortStride == 0 && IsStopped(abort)) return Status::Aborted();
    if (graph_.Death(node).load(std::memory_order_relaxed) != kAlive) continue;
    ++faults->alive;
    const uint32_t slot = graph_.SlotOf(node);
    if (slot >= node_of_.size() || node_of_[slot] != node) ++faults->slots;
    const uint32_t head = graph_.HeadOf(node);
    if (head >= nodes_ || !reached[head]) ++faults->unreached;
  }
  return IsStopped(abort) ? Status::Aborted() : Status::Ok();
}

}  // namespace skalar::hnsw
