// The best nodes seen so far, nearest first: what the walk expands next, and in the end its answer.
//
// How many that may be depends on the query: as "Distance Adaptive Beam Search" has it (arXiv
// 2505.15636), those that are not much farther than the k-th nearest, so that a query with many
// near neighbours gets a longer look, and one with few a shorter. Distances are seen through ranks:
// half the square of a distance is what a rank lacks of the rank at distance 0.
//
// Sorted arrays of ranks and nodes instead of two heaps: finding a place takes no branch, making
// room is a move of memory.
//
// Thread safety: none; belongs to one walk.

#ifndef SKALAR_HNSW_BEAM_H_
#define SKALAR_HNSW_BEAM_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "hnsw/graph.h"

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
    if (ranks_.size() < width.most + 1) {
      ranks_.resize(width.most + 1);
      nodes_.resize(width.most + 1);
    }
  }

  size_t size() const { return size_; }
  // Whether it holds about as many as it is likely to hold in the end.
  bool filled() const { return 2 * size_ >= width_.least + width_.most; }
  uint32_t node(size_t i) const { return nodes_[i] & kNode; }
  float rank(size_t i) const { return RankOfBits(ranks_[i]); }

  // True when a node of this rank (as OrderedBits) would be taken.
  bool Wants(int32_t ordered) const { return ordered > floor_; }

  // Takes a node; the last one is dropped where there is no room. What is too far by now stays, and
  // is not expanded. Requires: Wants(ordered). Of equal ranks the first come stays in front.
  void Insert(int32_t ordered, uint32_t node) {
    const size_t place = PlaceOf(ordered);
    const size_t behind = size_ - place;
    std::memmove(&ranks_[place + 1], &ranks_[place], behind * sizeof(int32_t));
    std::memmove(&nodes_[place + 1], &nodes_[place], behind * sizeof(uint32_t));
    ranks_[place] = ordered;
    nodes_[place] = node;
    if (size_ < width_.most) ++size_;
    if (place < width_.k) limit_ = OrderedBits(Limit());
    if (size_ >= width_.least) floor_ = Floor();
    if (place < next_) next_ = place;
  }

  // The nearest node that was not expanded yet, now marked as such; kNoNode when there is none that
  // is near enough.
  uint32_t Expand() {
    while (next_ < size_ && nodes_[next_] & kExpanded) ++next_;
    if (next_ == size_ || ranks_[next_] < floor_) return kNoNode;
    const uint32_t node = nodes_[next_];
    nodes_[next_++] = node | kExpanded;
    return node;
  }

 private:
  static constexpr uint32_t kExpanded = 0x80000000u;
  static constexpr uint32_t kNode = 0x7fffffffu;
  static constexpr int32_t kLowest = std::numeric_limits<int32_t>::min();
  // So many ranks are compared with at once: compilers vectorize it, and nothing is mispredicted.
  static constexpr size_t kFew = 64;

  // The least rank that is near enough by distance.
  float Limit() const {
    const float kth = std::max(0.0f, width_.nearest - rank(width_.k - 1));
    return width_.nearest - width_.reach * kth;
  }

  // Requires: there is the least.
  int32_t Floor() const {
    const int32_t floor = std::min(limit_, ranks_[width_.least - 1]);
    return size_ == width_.most ? std::max(floor, ranks_[size_ - 1]) : floor;
  }

  // How many ranks are not lower.
  size_t PlaceOf(int32_t ordered) const {
    size_t begin = 0;
    size_t length = size_;
    while (length > kFew) {
      const size_t half = length / 2;
      const bool behind = ranks_[begin + half - 1] >= ordered;
      begin += behind ? half : 0;
      length = behind ? length - half : half;
    }
    int32_t count = 0;
    for (size_t i = begin; i < begin + length; ++i) count += ranks_[i] >= ordered;
    return begin + static_cast<size_t>(count);
  }

  Width width_ = Width::Of(1);
  size_t size_ = 0;
  size_t next_ = 0;          // none in front of it is left to expand
  int32_t limit_ = kLowest;  // the least rank that is near enough by distance
  int32_t floor_ = kLowest;  // what is wanted is above
  std::vector<int32_t> ranks_;
  std::vector<uint32_t> nodes_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_BEAM_H_
