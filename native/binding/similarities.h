// Similarities of many vectors with many, as JavaScript calls them.

#ifndef SKALAR_BINDING_SIMILARITIES_H_
#define SKALAR_BINDING_SIMILARITIES_H_

#include <napi.h>

namespace skalar::binding {

// similarities(pool, left, right, columns, measure, parameters, results, state, workers) → Promise
// of undefined, once `results` are complete.
//   left, right  Float32Array or Float64Array, both the same  whole rows of `columns`, finite, at
//                              least one; of the measure cosine none of zeros
//   measure      number        of score/formula.h
//   parameters   Float64Array  gamma, coef0, degree
//   results      as left       rows of left × rows of right
//   state        Int32Array    two elements: other than 0 in the first stops the work; the second
//                              is set to how many thousandths of it are done
//   workers      number        threads of the pool that share the work, at most
// None is to change until the call is done.
Napi::Value StartSimilarities(const Napi::CallbackInfo& info);

// firstBadRow(elements: Float32Array | Float64Array, columns, refuseZero) → the index of the first
// row that is not finite, or zero where that is refused; or their number.
Napi::Value FirstBadRowJs(const Napi::CallbackInfo& info);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_SIMILARITIES_H_
