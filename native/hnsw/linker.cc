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
      scratch_(*scratch),
      selected_codes_(graph.max_links()) {
  for (CodeQuery& query : selected_codes_) {
    query.bytes = AllocateAligned<int8_t>(graph_.code_bytes());
  }
}

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
  Replace(node);
  // By number: linking back selects for others.
  neighbours_.clear();
  for (const Candidate& neighbour : selected_) neighbours_.push_back(neighbour.node);
  for (const uint32_t neighbour : neighbours_) LinkBack(neighbour, node);
  if (graph_.Namers(node).load(std::memory_order_relaxed) == 0) orphans_.push_back(node);
}

void Linker::RankFor(uint32_t node, const std::vector<uint32_t>& others) {
  const size_t count = others.size();
  codes_.resize(count);
  products_.resize(count);
  std::transform(others.begin(), others.end(), codes_.begin(),
                 [this](uint32_t other) { return graph_.Code(other); });
  CodeQuery& query = scratch_.query;
  QueryOfCode(graph_.Code(node), graph_.code_bytes(), &query);
  simd::Active().dot_codes(query.bytes.get(), codes_.data(), count, graph_.code_bytes(),
                           products_.data());
  const Ranker ranker = RankerOfNode(metric_, graph_.PointOf(node));
  candidates_.clear();
  for (size_t i = 0; i < count; ++i) {
    const Point& point = graph_.PointOf(others[i]);
    candidates_.push_back({others[i], ranker.Rank(products_[i], query.offset, point)});
  }
  std::stable_sort(candidates_.begin(), candidates_.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank > b.rank; });
}

bool Linker::Diverse(const Candidate& candidate) const {
  const uint8_t* code = graph_.Code(candidate.node);
  const Point& point = graph_.PointOf(candidate.node);
  // One by one: most are refused by one of the first.
  for (size_t i = 0; i < selected_.size(); ++i) {
    const CodeQuery& query = selected_codes_[i];
    int32_t product;
    simd::Active().dot_codes(query.bytes.get(), &code, 1, graph_.code_bytes(), &product);
    const Ranker ranker = RankerOfNode(metric_, graph_.PointOf(selected_[i].node));
    if (ranker.Rank(product, query.offset, point) >= candidate.rank) return false;
  }
  return true;
}

void Linker::Select(size_t most) {
  selected_.clear();
  for (const Candidate& candidate : candidates_) {
    if (selected_.size() == most) break;
    if (!Diverse(candidate)) continue;
    QueryOfCode(graph_.Code(candidate.node), graph_.code_bytes(),
                &selected_codes_[selected_.size()]);
    selected_.push_back(candidate);
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
  const uint32_t* end = std::find(links, links + graph_.max_links(), from);
  // Two threads may have found each other's nodes.
  if (std::find<const uint32_t*>(links, end, to) == end) {
    if (end < links + graph_.max_links()) {
      graph_.Namers(to).fetch_add(1);
      StoreLink(links[end - links], to);
    } else {
      nodes_.assign(links, links + graph_.max_links());
      nodes_.push_back(to);
      RankFor(from, nodes_);
      Select(graph_.max_links());
      Replace(from);
    }
  }
  locks_.Unlock(from);
}

}  // namespace skalar::hnsw
