#include "hnsw/linker.h"

#include <algorithm>

#include "hnsw/alike.h"

namespace skalar::hnsw {

Linker::Linker(const Graph::View& graph, const CodeFormat& format, Metric metric, size_t links,
               size_t ef_construction, Locks* locks, Scratch* scratch)
    : graph_(graph),
      format_(format),
      metric_(metric),
      links_(links),
      ef_construction_(ef_construction),
      locks_(*locks),
      scratch_(*scratch) {
  for (size_t i = 0; i < graph.max_links(); ++i) selected_codes_.emplace_back(format);
  // What a walk finds, or a full list and one more.
  const size_t most = std::max(ef_construction, graph.max_links() + 1);
  nodes_.reserve(most);
  candidates_.reserve(most);
  products_.Reserve(most);
  selected_.reserve(graph.max_links());
  neighbours_.reserve(graph.max_links());
}

void Linker::ReserveOrphans() {
  // The node itself, and all that its list and those of its neighbours may drop.
  const size_t most = 1 + (links_ + 1) * graph_.max_links();
  const size_t size = orphans_.size();
  if (orphans_.capacity() < size + most) orphans_.reserve(2 * size + most);
}

uint32_t Linker::Find(uint32_t node, const std::vector<uint32_t>& entries) {
  SetQuery(node);
  Walk(graph_, entries, nullptr, &scratch_).ToAll(Width::Of(ef_construction_));
  for (size_t i = 0; i < scratch_.beam.size(); ++i) {
    const uint32_t near = scratch_.beam.node(i);
    if (near != node && AreAlike(graph_, format_, near, node)) return near;
  }
  return kNoNode;
}

void Linker::Join(uint32_t head, uint32_t node, bool copy) {
  const Locks::Held held(&locks_, head);
  graph_.AddTwin(head, node, copy);
}

void Linker::Link(uint32_t node) {
  ReserveOrphans();
  // Dot products are no distances, and nobody asks.
  if (metric_ != Metric::kDot) {
    intrinsic_dimension_.Add(scratch_.beam, scratch_.ranker.nearest);
  }
  nodes_.clear();
  for (size_t i = 0; i < scratch_.beam.size(); ++i) {
    if (scratch_.beam.node(i) != node) nodes_.push_back(scratch_.beam.node(i));
  }
  RankNodes();
  Select(links_);
  Replace(node);
  // By number: linking back selects for others.
  neighbours_.clear();
  for (const Candidate& neighbour : selected_) neighbours_.push_back(neighbour.node);
  for (const uint32_t neighbour : neighbours_) LinkBack(neighbour, node);
  if (graph_.Namers(node).load(std::memory_order_relaxed) == 0) orphans_.push_back(node);
}

void Linker::SetQuery(uint32_t node) {
  scratch_.query.SetCode(graph_.Code(node), graph_.Lower(node));
  scratch_.ranker = RankerOf(node);
}

Ranker Linker::RankerOf(uint32_t node) const {
  return RankerOfNode(metric_, graph_.DetailOf(node), graph_.PointOf(node).bias);
}

void Linker::RankNodes() {
  const std::vector<float>& products = products_.Of(graph_, scratch_.query, nodes_);
  candidates_.clear();
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const uint32_t node = nodes_[i];
    const float scale = graph_.DetailOf(node).scale;
    candidates_.push_back(
        {node, scratch_.ranker.Rank(products[i], scale, graph_.PointOf(node).bias)});
  }
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.rank > b.rank || (a.rank == b.rank && a.node < b.node);
  });
}

bool Linker::Diverse(const Candidate& candidate) const {
  const uint8_t* code = graph_.Code(candidate.node);
  const uint8_t* lower = graph_.Lower(candidate.node);
  const float scale = graph_.DetailOf(candidate.node).scale;
  const float bias = graph_.PointOf(candidate.node).bias;
  // One by one: most are refused by one of the first.
  for (size_t i = 0; i < selected_.size(); ++i) {
    float product;
    selected_codes_[i].MultiplyWhole(&code, &lower, 1, &product);
    if (RankerOf(selected_[i].node).Rank(product, scale, bias) >= candidate.rank) return false;
  }
  return true;
}

void Linker::Select(size_t most) {
  selected_.clear();
  for (const Candidate& candidate : candidates_) {
    if (selected_.size() == most) break;
    if (!Diverse(candidate)) continue;
    selected_codes_[selected_.size()].SetCode(graph_.Code(candidate.node),
                                              graph_.Lower(candidate.node));
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
  const Locks::Held held(&locks_, from);
  uint32_t* links = graph_.Links(from);
  const uint32_t* end = std::find(links, links + graph_.max_links(), from);
  // Two threads may have found each other's nodes.
  if (std::find<const uint32_t*>(links, end, to) != end) return;
  if (end < links + graph_.max_links()) {
    graph_.Namers(to).fetch_add(1);
    StoreLink(links[end - links], to);
    return;
  }
  nodes_.assign(links, links + graph_.max_links());
  nodes_.push_back(to);
  SetQuery(from);
  RankNodes();
  Select(graph_.max_links());
  Replace(from);
}

}  // namespace skalar::hnsw
