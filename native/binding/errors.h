// The one place where a native Status becomes a JavaScript error: an Error whose `code`
// src/native.ts turns into a SkalarError.

#ifndef SKALAR_BINDING_ERRORS_H_
#define SKALAR_BINDING_ERRORS_H_

#include <napi.h>

#include <string>

#include "base/status.h"

namespace skalar::binding {

Napi::Error ToError(Napi::Env env, const Status& status);

// Throws it, and returns what the method that was called may return then.
Napi::Value Throw(Napi::Env env, const Status& status);

// For mistakes of our own TypeScript, which no user input can cause.
void ThrowMisuse(Napi::Env env, const std::string& message);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_ERRORS_H_
