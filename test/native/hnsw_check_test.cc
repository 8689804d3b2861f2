// What a check of a graph finds: everything that was made wrong, and nothing else.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "hnsw/check.h"

namespace skalar::hnsw {
namespace {

// A circle of nodes, each of which names the next one, and stands for the slot of its number.
class Circle {
 public:
  explicit Circle(uint32_t nodes) : graph_(CodeFormat(Codes::kInt8, 8), 4) {
    EXPECT_TRUE(graph_.Reserve(nodes).ok());
    for (uint32_t node = 0; node < nodes; ++node) {
      Name(node, (node + 1) % nodes);
      view().SlotOf(node) = node;
      view().Death(node).store(kAlive);
      node_of_.push_back(node);
    }
  }

  Graph::View view() const { return graph_.view(); }
  void Name(uint32_t node, uint32_t other) {
    uint32_t* links = view().Links(node);
    for (size_t i = 0; i < view().link_stride(); ++i) links[i] = node;
    links[0] = other;
  }

  GraphFaults Faults(std::vector<uint32_t> entries = {0}) const {
    const Check check(view(), node_of_.size(),
                      std::make_shared<const std::vector<uint32_t>>(std::move(entries)), node_of_);
    GraphFaults faults;
    EXPECT_TRUE(check.Work(nullptr, &faults).ok());
    return faults;
  }

  std::vector<uint32_t> node_of_;

 private:
  Graph graph_;
};

constexpr uint32_t kNodes = 1'000;

TEST(HnswCheck, FindsNothingInAWholeGraph) {
  const GraphFaults faults = Circle(kNodes).Faults();
  EXPECT_EQ(faults.alive, kNodes);
  EXPECT_EQ(faults.names, 0u);
  EXPECT_EQ(faults.slots, 0u);
  EXPECT_EQ(faults.unreached, 0u);
}

TEST(HnswCheck, CountsNamesOfWhatIsNoNodeAlsoWhereNoWayLeads) {
  Circle circle(kNodes);
  circle.Name(10, kNodes);
  circle.Name(500, 0x7fffffff);
  const GraphFaults faults = circle.Faults();
  EXPECT_EQ(faults.names, 2u);
  EXPECT_EQ(faults.unreached, kNodes - 11);
  EXPECT_EQ(circle.Faults({kNodes}).names, 3u);
}

TEST(HnswCheck, CountsNamesOfTwins) {
  Circle circle(kNodes);
  circle.Name(98, 100);
  circle.Name(99, 99);
  circle.view().AddTwin(3, 99, true);
  EXPECT_EQ(circle.Faults().names, 0u);
  EXPECT_EQ(circle.Faults().unreached, 0u);
  circle.Name(5, 99);
  EXPECT_EQ(circle.Faults().names, 1u);
}

TEST(HnswCheck, CountsWhatNoWayLeadsTo) {
  Circle circle(kNodes);
  circle.Name(99, 0);
  EXPECT_EQ(circle.Faults().unreached, kNodes - 100);
  circle.view().Death(700).store(0);
  EXPECT_EQ(circle.Faults().unreached, kNodes - 101);
  EXPECT_EQ(circle.Faults({0, 100}).unreached, 0u);
}

TEST(HnswCheck, CountsNodesWhoseSlotHasAnother) {
  Circle circle(kNodes);
  circle.node_of_[7] = 8;
  circle.view().SlotOf(9) = kNodes;
  circle.node_of_[20] = kNoNode;
  circle.view().Death(20).store(0);
  EXPECT_EQ(circle.Faults().slots, 2u);
}

TEST(HnswCheck, StopsWhenItIsTold) {
  const Circle circle(kNodes);
  const Check check(circle.view(), kNodes, nullptr, circle.node_of_);
  GraphFaults faults;
  const std::atomic<int32_t> stop{kAbort};
  EXPECT_EQ(check.Work(&stop, &faults).code(), Status::Code::kAborted);
}

}  // namespace
}  // namespace skalar::hnsw
