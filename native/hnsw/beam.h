// The best nodes seen so far, nearest first: what the walk expands next, and in the end its answer.
//
// A sorted array of 64-bit keys – rank above, node and a mark below – instead of two heaps: finding
// a place is a search without branches, making room is one move of memory.
//
// Thread safety: none; belongs to one walk.

#ifndef SKALAR_HNSW_BEAM_H_
#define SKALAR_HNSW_BEAM_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "hnsw/graph.h"

namespace skalar::hnsw {

// Ranks as integers of the same order.
inline uint32_t OrderedBits(float rank) {
  const auto bits = std::bit_cast<uint32_t>(rank);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

inline float RankOfBits(uint32_t ordered) {
  return std::bit_cast<float>(ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered);
}

class Beam {
 public:
  // Empty, for at most `width` nodes.
  void Reset(size_t width) {
    width_ = width;
    size_ = 0;
    next_ = 0;
    floor_ = 0;
    if (keys_.size() < width + 1) keys_.resize(width + 1);
  }

  size_t size() const { return size_; }
  uint32_t node(size_t i) const { return static_cast<uint32_t>(keys_[i]) & kNode; }
  float rank(size_t i) const { return RankOfBits(static_cast<uint32_t>(keys_[i] >> 32)); }

  // True when a node of this rank (as OrderedBits) would be taken.
  bool Wants(uint32_t ordered) const { return ordered > floor_; }

  // Takes a node; the last one is dropped where there is no room. Requires: Wants(ordered). Of
  // equal ranks the first come stays in front.
  void Insert(uint32_t ordered, uint32_t node) {
    const uint64_t key = static_cast<uint64_t>(ordered) << 32 | node;
    const size_t place = PlaceOf(key | kExpanded);
    const size_t behind = size_ - place;
    if (behind > 0) {
      std::memmove(&keys_[place + 1], &keys_[place], behind * sizeof(uint64_t));
    }
    keys_[place] = key;
    if (size_ < width_) ++size_;
    if (size_ == width_) floor_ = static_cast<uint32_t>(keys_[width_ - 1] >> 32);
    if (place < next_) next_ = place;
  }

  // The nearest node that was not expanded yet, now marked as such; kNoNode when there is none.
  uint32_t Expand() {
    while (next_ < size_ && keys_[next_] & kExpanded) ++next_;
    if (next_ == size_) return kNoNode;
    keys_[next_] |= kExpanded;
    return node(next_++);
  }

 private:
  static constexpr uint64_t kExpanded = 0x80000000u;
  static constexpr uint32_t kNode = 0x7fffffffu;

  // How many keys stand in front of one: they are larger, but for the lower half, where the first
  // come is.
  size_t PlaceOf(uint64_t key) const {
    const auto rank = static_cast<uint32_t>(key >> 32);
    size_t begin = 0;
    for (size_t length = size_; length > 0;) {
      const size_t half = (length + 1) / 2;
      const bool behind = static_cast<uint32_t>(keys_[begin + half - 1] >> 32) >= rank;
      begin += behind ? half : 0;
      length = behind ? length - half : half - 1;
    }
    return begin;
  }

  size_t width_ = 0;
  size_t size_ = 0;
  size_t next_ = 0;     // none in front of it is left to expand
  uint32_t floor_ = 0;  // rank of the last node, once full
  std::vector<uint64_t> keys_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_BEAM_H_
