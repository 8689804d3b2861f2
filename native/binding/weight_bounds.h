// What rows weigh at most in attention, by the codes of a graph, as JavaScript asks for it.

#ifndef SKALAR_BINDING_WEIGHT_BOUNDS_H_
#define SKALAR_BINDING_WEIGHT_BOUNDS_H_

#include <napi.h>

#include "hnsw/index.h"

namespace skalar::binding {

// weigh(pool, store, ...arguments) → Promise of totals (binding/heads.h, where the arguments are
// told). Values are passed over. As hnsw/weight_bounds.h requires, the index has codes of planes,
// or no nodes; and the affinity is of products.
Napi::Value StartWeightBounds(const Napi::CallbackInfo& info, hnsw::Index* index);

// weighSync(store, ...arguments) → the same at once
Napi::Value WeightBoundsSync(const Napi::CallbackInfo& info, hnsw::Index* index);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_WEIGHT_BOUNDS_H_
