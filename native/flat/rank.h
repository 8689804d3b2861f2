// The last step of every search: candidates are scored exactly, and the nearest of them returned.

#ifndef SKALAR_FLAT_RANK_H_
#define SKALAR_FLAT_RANK_H_

#include <cstdint>
#include <vector>

#include "base/abort.h"
#include "score/query.h"
#include "score/scorer.h"

namespace skalar {

// Adds live slots to an answer, with exact scores, but for those beyond the query's threshold. Of
// many it leaves some out when it is stopped.
void AddExactly(const Scorer& scorer, const Query& query, const std::vector<uint32_t>& slots,
                AbortFlag abort, Hits* answer);

// Leaves the nearest `k` hits of an answer, nearest first; of equal scores the lower slot.
void KeepNearest(const Scorer& scorer, size_t k, Hits* answer);

}  // namespace skalar

#endif  // SKALAR_FLAT_RANK_H_
