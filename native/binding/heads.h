// The heads of a pass over rows (score/attention.h), as JavaScript passes them.

#ifndef SKALAR_BINDING_HEADS_H_
#define SKALAR_BINDING_HEADS_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/abort.h"
#include "score/attention.h"
#include "score/query.h"
#include "store/vector_store.h"

namespace skalar::binding {

struct Heads {
  Weighting weighting;
  std::vector<Head> heads;
  size_t top;
  // Whether values are the keys.
  bool own_values;
  SlotList members;
  AbortFlag abort;
};

// Reads the arguments from `first` on, but for values. Nothing of them may change until the call is
// done; `stopped` stands behind the call's own flag.
//   queries    Float32Array  dimension × number of heads; finite
//   windows    Uint32Array   4 a head: begin and count of keys, begin and count of values
//   formula    Float64Array  affinity, scale, center, 1 for bounds or 0, slack, top, 1 for values
//                            that are the keys or 0
//   excluded   Array | null  for each head a Uint32Array of ascending slots
//   members    Uint32Array | null  ascending slots
//   values     Store | Float32Array | null  others than the keys
//   places     Uint32Array | null  one a member: its slot in that store, its row of that matrix
//   stride     number        of that matrix
//   abort      Int32Array | null  one element; other than 0 stops the pass
Heads ReadHeads(const Napi::CallbackInfo& info, size_t first, const VectorStore::View& keys,
                AbortFlag::Value stopped);

// A Uint32Array; none where it is something else.
std::vector<uint32_t> ReadSlots(const Napi::Value& value);

// 4 numbers each: max, sum, rows, longest.
Napi::Float64Array ToArray(Napi::Env env, const std::vector<Total>& totals);

Napi::Float64Array ToArray(Napi::Env env, const std::vector<double>& numbers);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_HEADS_H_
