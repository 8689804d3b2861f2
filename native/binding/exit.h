// How a process ends while lmdb-js writes (src/store/exit.ts).
//
// A write in lmdb-js's hands is a thread of libuv's that waits for JavaScript, which no longer runs
// once the process exits. Node joins its threads before it ends: it would wait for ever. So while
// any such write is under way, in whatever thread, the process leaves at the last moment before
// that: after all listeners, reports, profiles and coverage. What was committed stays, what was not
// is as if it had never begun, as after a kill.

#ifndef SKALAR_BINDING_EXIT_H_
#define SKALAR_BINDING_EXIT_H_

#include <napi.h>

namespace skalar::binding {

// Defines beginWrite(), endWrite() and leaveWhileWriting().
void DefineExit(Napi::Env env, Napi::Object exports);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_EXIT_H_
