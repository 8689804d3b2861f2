// Commit counters as JavaScript sees them (src/native.ts: NativeCommits).

#ifndef SKALAR_BINDING_COMMITS_H_
#define SKALAR_BINDING_COMMITS_H_

#include <napi.h>

#include <memory>

#include "binding/function.h"
#include "store/commit_counters.h"

namespace skalar::binding {

class Commits : public Wrapped<Commits> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Commits(const Napi::CallbackInfo& info);

 private:
  Napi::Value Begin(const Napi::CallbackInfo& info);
  void End(const Napi::CallbackInfo& info);
  Napi::Value Settled(const Napi::CallbackInfo& info);

  std::unique_ptr<CommitCounters> counters_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_COMMITS_H_
