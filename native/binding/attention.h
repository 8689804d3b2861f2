// Attention as JavaScript calls it: arguments to heads, one pass on the calling thread or on the
// pool's.

#ifndef SKALAR_BINDING_ATTENTION_H_
#define SKALAR_BINDING_ATTENTION_H_

#include <napi.h>

namespace skalar::binding {

// attend(pool, since, texts, ...arguments) → Promise of [answers, totals, outputs]
//
// answers is an answer for each head (see Store::ToNumbers) whose scores are weights; totals a
// Float64Array (binding/heads.h); outputs a Float64Array of all outputs, one behind the other. The
// arguments are those of binding/heads.h.
Napi::Value StartAttention(const Napi::CallbackInfo& info);

// attendSync(since, texts, ...arguments) → the same at once
Napi::Value AttendSync(const Napi::CallbackInfo& info);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_ATTENTION_H_
