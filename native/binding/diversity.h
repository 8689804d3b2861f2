// Diverse choices as JavaScript calls them: arguments to choices, made on the calling thread or on
// the pool's.

#ifndef SKALAR_BINDING_DIVERSITY_H_
#define SKALAR_BINDING_DIVERSITY_H_

#include <napi.h>

namespace skalar::binding {

// diversify(pool, ...arguments) → Promise of a Uint32Array: for each choice how many were chosen,
// and their places among its candidates, in the order in which they were chosen. The arguments,
// nothing of which may change until the call is done (the terms: score/diversity.h):
//   metric     number
//
//   params     Float64Array  5 a choice: candidates, k, diversity, 1 for squashed similarities or
//                            0, limit
//
//   slots      Uint32Array   of all candidates, choice by choice
//
//   relevance  Float64Array  as many
//
//   ends       Uint32Array | null  as many: where the groups of each candidate end; within
//                            `groups`, whatever the choice
//
//   groups     Uint32Array | null
//
//   precision  Precision | null  of kMahalanobis
//
//   abort      Int32Array | null  one element; other than 0 stops it
Napi::Value StartDiversity(const Napi::CallbackInfo& info);

// diversifySync(...arguments) → the same at once
Napi::Value DiversifySync(const Napi::CallbackInfo& info);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_DIVERSITY_H_
