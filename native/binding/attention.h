// Attention as JavaScript calls it: arguments to heads, one pass on the calling thread or on the
// pool's.

#ifndef SKALAR_BINDING_ATTENTION_H_
#define SKALAR_BINDING_ATTENTION_H_

#include <napi.h>

namespace skalar::binding {

// attend(pool, since, texts, ...arguments) → Promise of [answers, totals, outputs]
//
// answers is an answer for each head (see Store::ToNumbers) whose scores are weights, totals a
// Float64Array of 4 numbers a head: max, sum, rows, longest (score/attention.h), outputs a
// Float64Array of all outputs, one behind the other. The arguments, nothing of which may change
// until the call is done:
//   queries    Float32Array  dimension × number of heads; finite
//
//   windows    Uint32Array  4 a head: begin and count of keys, begin and count of values
//
//   formula    Float64Array  affinity, scale, center, 1 for bounds or 0, slack, top, 1 for values
//                            that are the keys or 0
//
//   excluded   Array | null  for each head a Uint32Array of ascending slots
//
//   members    Uint32Array | null  ascending slots
//
//   values     Store | Float32Array | null  others than the keys
//
//   places     Uint32Array | null  one a member: its slot in that store, its row of that matrix
//
//   stride     number  of that matrix
//
//   abort      Int32Array | null  one element; other than 0 stops the pass
Napi::Value StartAttention(const Napi::CallbackInfo& info);

// attendSync(since, texts, ...arguments) → the same at once
Napi::Value AttendSync(const Napi::CallbackInfo& info);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_ATTENTION_H_
