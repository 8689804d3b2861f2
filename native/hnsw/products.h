// Products of a query with all there is of the codes of nodes that lie anywhere.
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

namespace skalar::hnsw {

class Products {
 public:
  // From then on so many products are had without asking for memory.
  void Reserve(size_t count) {
    codes_.reserve(count);
    lowers_.reserve(count);
    products_.reserve(count);
  }

  // Valid until the next call.
  const std::vector<float>& Of(const Graph::View& graph, const CodeQuery& query,
                               const std::vector<uint32_t>& nodes) {
    const size_t count = nodes.size();
    codes_.resize(count);
    lowers_.resize(count);
    products_.resize(count);
    for (size_t i = 0; i < count; ++i) {
      codes_[i] = graph.Code(nodes[i]);
      lowers_[i] = graph.Lower(nodes[i]);
      Prefetch(codes_[i], graph.code_bytes());
      Prefetch(lowers_[i], graph.lower_bytes());
    }
    query.MultiplyWhole(codes_.data(), lowers_.data(), count, products_.data());
    return products_;
  }

 private:
  std::vector<const uint8_t*> codes_;
  std::vector<const uint8_t*> lowers_;
  std::vector<float> products_;
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_PRODUCTS_H_
