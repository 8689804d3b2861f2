// Products of a query with both planes of nodes that lie anywhere.
//
// Thread safety: none; its room is kept from call to call.

#ifndef SKALAR_HNSW_PRODUCTS_H_
#define SKALAR_HNSW_PRODUCTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"
#include "hnsw/graph.h"
#include "quant/code.h"
#include "simd/kernels.h"

namespace skalar::hnsw {

class Products {
 public:
  // Offsets are taken off. Valid until the next call.
  const std::vector<int32_t>& Of(const Graph::View& graph, const CodeQuery& query,
                                 const std::vector<uint32_t>& nodes) {
    const size_t count = nodes.size();
    upper_.resize(count);
    lower_.resize(count);
    planes_.resize(2 * count);
    for (size_t i = 0; i < count; ++i) {
      planes_[i] = graph.Upper(nodes[i]);
      planes_[count + i] = graph.Lower(nodes[i]);
      Prefetch(planes_[count + i], graph.plane_bytes());
    }
    const auto multiply = [&](size_t first, int32_t* out) {
      simd::Active().dot_planes(query.bytes.get(), planes_.data() + first, count,
                                graph.components(), out);
    };
    multiply(0, upper_.data());
    multiply(count, lower_.data());
    for (size_t i = 0; i < count; ++i) upper_[i] = query.Both(upper_[i], lower_[i]);
    return upper_;
  }

 private:
  std::vector<const uint8_t*> planes_;
  std::vector<int32_t> upper_;
  std::vector<int32_t> lower_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_PRODUCTS_H_
