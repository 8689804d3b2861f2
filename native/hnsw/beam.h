// The best nodes seen so far, nearest first: what the walk expands next, and in the end its answer.
//
// How many that may be depends on the query: as "Distance Adaptive Beam Search" has it (arXiv
// 2505.15636), those that are not much farther than the k-th nearest, so that a query with many
// near neighbours gets a longer look, and one with few a shorter. Distances are seen through ranks:
// half the square of a distance is what a rank lacks of the rank at distance 0.
//
// A sorted array instead of two heaps: what is behind a new node's place moves up, many at once and
// without a branch.
//
// Thread safety: none; belongs to one walk.

#ifndef SKALAR_HNSW_BEAM_H_
#define SKALAR_HNSW_BEAM_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/aligned.h"
#include "hnsw/graph.h"
#include "simd/kernels.h"

namespace skalar::hnsw {

// Ranks as integers of the same order.
inline int32_t OrderedBits(float rank) {
  const auto bits = std::bit_cast<int32_t>(rank);
  return bits ^ (bits >> 31 & 0x7fffffff);
}

inline float RankOfBits(int32_t ordered) {
  return std::bit_cast<float>(ordered ^ (ordered >> 31 & 0x7fffffff));
}

// How many nodes a beam holds.
struct Width {
  // Requires: 0 < least <= most.
  size_t least;
  size_t most;
  // Between these, the nodes whose squared distance is at most `reach` times that of the k-th
  // nearest. Requires: 0 < k <= least, 1 <= reach.
  size_t k = 1;
  float reach = 1;
  // The rank at distance 0.
  float nearest = 0;

  static Width Of(size_t count) { return {count, count}; }
};

class Beam {
 public:
  // Empty.
  void Reset(const Width& width) {
    width_ = width;
    size_ = 0;
    next_ = 0;
    floor_ = kLowest;
    // One more, which falls out.
    const size_t lines = width.most / simd::kLineKeys + 1;
    if (lines_.size() < lines) lines_.resize(lines);
    std::fill_n(keys(), lines * simd::kLineKeys, std::numeric_limits<int64_t>::min());
  }

  size_t size() const { return size_; }
  // Whether it holds about as many as it is likely to hold in the end.
  bool filled() const { return 2 * size_ >= width_.least + width_.most; }
  uint32_t node(size_t i) const { return static_cast<uint32_t>(keys()[i]) & kNode; }
  float rank(size_t i) const { return RankOfBits(Ordered(i)); }

  // True when a node of this rank (as OrderedBits) would be taken.
  bool Wants(int32_t ordered) const { return ordered > floor_; }

  // Takes a node; the last one is dropped where there is no room. What is too far by now stays, and
  // is not expanded. Requires: Wants(ordered). Of equal ranks the first come stays in front.
  void Insert(int32_t ordered, uint32_t node) {
    const int64_t bound = KeyOf(ordered, 0);
    const size_t place = insert_(keys(), size_, bound, bound + node);
    size_ += size_ < width_.most;
    limit_ = OrderedBits(Limit());
    if (size_ >= width_.least) floor_ = Floor();
    next_ = std::min(next_, place);
  }

  // The nearest node that was not expanded yet, now marked as such; kNoNode when there is none that
  // is near enough.
  uint32_t Expand() {
    while (next_ < size_ && keys()[next_] & kExpanded) ++next_;
    if (next_ == size_ || Ordered(next_) < floor_) return kNoNode;
    const uint32_t expanded = node(next_);
    keys()[next_++] |= kExpanded;
    return expanded;
  }

 private:
  static constexpr uint32_t kExpanded = 0x80000000u;
  static constexpr uint32_t kNode = 0x7fffffffu;
  static constexpr int32_t kLowest = std::numeric_limits<int32_t>::min();

  // Ordered bits of the rank above, the node and whether it was expanded below.
  static int64_t KeyOf(int32_t ordered, uint32_t node) {
    return int64_t{ordered} * (int64_t{1} << 32) + node;
  }
  int32_t Ordered(size_t i) const { return static_cast<int32_t>(keys()[i] >> 32); }

  struct alignas(kCacheLine) Line {
    int64_t keys[simd::kLineKeys];
  };
  int64_t* keys() { return lines_.data()->keys; }
  const int64_t* keys() const { return lines_.data()->keys; }

  // The least rank that is near enough by distance.
  float Limit() const {
    const float kth = std::max(0.0f, width_.nearest - rank(width_.k - 1));
    return width_.nearest - width_.reach * kth;
  }

  // Requires: there is the least.
  int32_t Floor() const {
    const int32_t floor = std::min(limit_, Ordered(width_.least - 1));
    return size_ == width_.most ? std::max(floor, Ordered(size_ - 1)) : floor;
  }

  Width width_ = Width::Of(1);
  size_t size_ = 0;
  size_t next_ = 0;          // none in front of it is left to expand
  int32_t limit_ = kLowest;  // the least rank that is near enough by distance
  int32_t floor_ = kLowest;  // what is wanted is above
  std::vector<Line> lines_;
  decltype(simd::Kernels::insert) insert_ = simd::Active().insert;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_BEAM_H_
