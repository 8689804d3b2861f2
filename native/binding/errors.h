// The one place where a native Status becomes a JavaScript error: an Error whose `code`
// src/native.ts turns into a SkalarError. And the one place where memory that is refused becomes a
// Status: V8 and Node, which call us, know no exceptions, and neither does a thread that nobody
// waits for. So whatever they call goes through Guarded(), and nothing else in native/ catches.

#ifndef SKALAR_BINDING_ERRORS_H_
#define SKALAR_BINDING_ERRORS_H_

#include <napi.h>

#include <new>
#include <stdexcept>

#include "base/status.h"

namespace skalar::binding {

inline Status NoMemory() {
  return Status::OutOfMemory("the system grants no memory: see the limits of the process");
}

// What `work` returns, a Status; kOutOfMemory where it was refused memory, or asked for more than
// there can be.
template <class Work>
Status Guarded(Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  return NoMemory();
}

// The error, without a C++ object that takes memory.
Napi::Value ToError(Napi::Env env, const Status& status);

// Throws it, and returns what the method that was called may return then.
Napi::Value Throw(Napi::Env env, const Status& status);

// For mistakes of our own TypeScript, which no user input can cause.
void ThrowMisuse(Napi::Env env, const char* message);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_ERRORS_H_
