// The local intrinsic dimension of vectors: where it is m, the distance to the j-th nearest grows
// as j to the power of 1 / m. It is learnt while nodes are linked, from what is found near each,
// and tells how far a search for so many has to look.

#ifndef SKALAR_HNSW_INTRINSIC_DIMENSION_H_
#define SKALAR_HNSW_INTRINSIC_DIMENSION_H_

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "hnsw/beam.h"

namespace skalar::hnsw {

// The mean over nodes.
class IntrinsicDimension {
 public:
  IntrinsicDimension() = default;
  // As it was learnt from so many.
  IntrinsicDimension(float mean, size_t nodes)
      : sum_(static_cast<double>(mean) * static_cast<double>(nodes)), nodes_(nodes) {}

  // From what was found near a node; `nearest` is the rank at distance 0. Few tell nothing, and
  // neither does a node with as many like itself.
  void Add(const Beam& beam, float nearest) {
    if (beam.size() < 2 * kNear) return;
    const float near = nearest - beam.rank(kNear - 1);
    const float far = nearest - beam.rank(beam.size() - 1);
    if (!(near > 0) || !std::isfinite(far)) return;
    // Of squared distances.
    const double farther = std::log(static_cast<double>(far) / static_cast<double>(near)) / 2;
    const double more = std::log(static_cast<double>(beam.size()) / static_cast<double>(kNear));
    sum_ += std::min(more / farther, kHighest);
    ++nodes_;
  }
  void Add(const IntrinsicDimension& other) {
    sum_ += other.sum_;
    nodes_ += other.nodes_;
  }

  // Before anything is learnt, that of a plane, where distances grow fast.
  float mean() const {
    return nodes_ > 0 ? static_cast<float>(sum_ / static_cast<double>(nodes_)) : 2.0f;
  }

  // How many times as far as the k-th nearest is, squared, nodes are to be looked at to look at
  // `count` of them on average. Requires: 0 < k <= count.
  float Reach(size_t k, size_t count) const {
    const double more = static_cast<double>(count) / static_cast<double>(k);
    return static_cast<float>(std::pow(more, kShare * 2 / static_cast<double>(mean())));
  }

 private:
  // Nearer ones than this many may be nearer by chance.
  static constexpr size_t kNear = 10;
  // Distances that are all but equal.
  static constexpr double kHighest = 400;
  // Dimensions differ from place to place, and where they are high there are more nodes in excess
  // than are lacking where they are low. So much less of a power evens it out: 0.95 and 0.94 on
  // text embeddings and on words.
  static constexpr double kShare = 0.95;

  double sum_ = 0;
  size_t nodes_ = 0;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_INTRINSIC_DIMENSION_H_
