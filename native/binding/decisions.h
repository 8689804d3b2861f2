// Decisions of support-vector machines, as JavaScript calls them.

#ifndef SKALAR_BINDING_DECISIONS_H_
#define SKALAR_BINDING_DECISIONS_H_

#include <napi.h>

namespace skalar::binding {

// decisions(pool, supports, vectors, columns, measure, parameters, ends, weights, offsets, results,
// state, workers) → Promise of undefined, once `results` are complete.
//   supports, vectors  Float64Array  whole rows of `columns`, finite, at least one
//   measure            number        of score/formula.h, symmetric
//   parameters         Float64Array  gamma, coef0, degree
//   ends, weights, offsets           Uint32Array, Float64Array, Float64Array of score/decisions.h
//   results            Float64Array  pairs of classes × rows of vectors
//   state              Int32Array    other than 0 in its first element stops the work
//   workers            number        threads of the pool that share the work, at most
// None is to change until the call is done.
Napi::Value StartDecisions(const Napi::CallbackInfo& info);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_DECISIONS_H_
