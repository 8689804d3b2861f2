// Sums of stored vectors.

#ifndef SKALAR_SCORE_WEIGHTED_SUM_H_
#define SKALAR_SCORE_WEIGHTED_SUM_H_

#include <cstddef>
#include <cstdint>

#include "store/vector_store.h"

namespace skalar {

// Adds the vectors of slots, or where `directions` their unit vectors (zeros for a zero vector),
// times `weight` to `stride` sums, in their order, by fused operations of float64: the same bits on
// every CPU. Slots that are not live are passed over.
void AddWeighted(const VectorStore::View& view, const uint32_t* slots, size_t count, double weight,
                 bool directions, double* sums);

}  // namespace skalar

#endif  // SKALAR_SCORE_WEIGHTED_SUM_H_
