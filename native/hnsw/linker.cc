#include "hnsw/linker.h"

#include <algorithm>

#include "simd/kernels.h"

namespace skalar::hnsw {

Linker::Linker(const Graph::View& graph, Metric metric, size_t links, size_t ef_construction,
               Locks* locks, Scratch* scratch)
    : graph_(graph),
      metric_(metric),
      links_(links),
      ef_construction_(ef_construction),
      locks_(*locks),
      scratch_(*scratch) {}

void Linker::Link(uint32_t node, const std::vector<uint32_t>& entries) {
  QueryOfCode(graph_.Code(node), graph_.code_bytes(), &scratch_.query);
  scratch_.ranker = RankerOfNode(metric_, graph_.PointOf(node));
  Walk(graph_, entries, nullptr, &scratch_).ToAll(ef_construction_);
  candidates_.clear();
  for (size_t i = 0; i < scratch_.beam.size(); ++i) {
    if (scratch_.beam.node(i) != node) {
      candidates_.push_back({scratch_.beam.node(i), scratch_.beam.rank(i)});
    }
  }
  Select(links_);
  own_ = selected_;
  Replace(node);
  for (const Candidate& neighbour : own_) LinkBack(neighbour.node, node);
  if (graph_.Namers(node).load(std::memory_order_relaxed) == 0) orphans_.push_back(node);
}

void Linker::RankFrom(uint32_t from, const uint32_t* nodes, size_t count, float* ranks) {
  constexpr size_t kAtOnce = 64;
  const Ranker ranker = RankerOfNode(metric_, graph_.PointOf(from));
  const uint8_t* codes[kAtOnce];
  int32_t products[kAtOnce];
  for (size_t begin = 0; begin < count; begin += kAtOnce) {
    const size_t length = std::min(kAtOnce, count - begin);
    for (size_t i = 0; i < length; ++i) codes[i] = graph_.Code(nodes[begin + i]);
    simd::Active().dot_codes(scratch_.other.bytes.get(), codes, length, graph_.code_bytes(),
                             products);
    for (size_t i = 0; i < length; ++i) {
      ranks[begin + i] =
          ranker.Rank(products[i], scratch_.other.offset, graph_.PointOf(nodes[begin + i]));
    }
  }
}

void Linker::Select(size_t most) {
  selected_.clear();
  for (const Candidate& candidate : candidates_) {
    if (selected_.size() == most) break;
    // Compared with the kept ones one by one: most are refused by one of the first.
    QueryOfCode(graph_.Code(candidate.node), graph_.code_bytes(), &scratch_.other);
    bool diverse = true;
    for (const Candidate& kept : selected_) {
      float rank;
      RankFrom(candidate.node, &kept.node, 1, &rank);
      if (rank >= candidate.rank) {
        diverse = false;
        break;
      }
    }
    if (diverse) selected_.push_back(candidate);
  }
}

void Linker::Replace(uint32_t node) {
  uint32_t* links = graph_.Links(node);
  for (const Candidate& kept : selected_) graph_.Namers(kept.node).fetch_add(1);
  for (size_t i = 0; i < graph_.max_links() && links[i] != node; ++i) {
    if (graph_.Namers(links[i]).fetch_sub(1) == 1) orphans_.push_back(links[i]);
  }
  for (size_t i = 0; i < graph_.link_stride(); ++i) {
    StoreLink(links[i], i < selected_.size() ? selected_[i].node : node);
  }
}

void Linker::LinkBack(uint32_t from, uint32_t to) {
  locks_.Lock(from);
  uint32_t* links = graph_.Links(from);
  std::vector<uint32_t> nodes;
  for (size_t i = 0; i < graph_.max_links() && links[i] != from; ++i) nodes.push_back(links[i]);
  if (std::find(nodes.begin(), nodes.end(), to) != nodes.end()) {
    // Two threads have found each other's nodes.
  } else if (nodes.size() < graph_.max_links()) {
    graph_.Namers(to).fetch_add(1);
    StoreLink(links[nodes.size()], to);
  } else {
    nodes.push_back(to);
    std::vector<float> ranks(nodes.size());
    QueryOfCode(graph_.Code(from), graph_.code_bytes(), &scratch_.other);
    RankFrom(from, nodes.data(), nodes.size(), ranks.data());
    candidates_.clear();
    for (size_t i = 0; i < nodes.size(); ++i) candidates_.push_back({nodes[i], ranks[i]});
    std::stable_sort(candidates_.begin(), candidates_.end(),
                     [](const Candidate& a, const Candidate& b) { return a.rank > b.rank; });
    Select(graph_.max_links());
    Replace(from);
  }
  locks_.Unlock(from);
}

}  // namespace skalar::hnsw
