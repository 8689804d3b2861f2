#include "binding/commits.h"

#include <optional>
#include <string>

#include "binding/errors.h"

namespace skalar::binding {

Napi::Function Commits::Define(Napi::Env env) {
  return DefineClass(env, "Commits",
                     {
                         Method<&Commits::Begin>("begin"),
                         Method<&Commits::End>("end"),
                         Method<&Commits::Settled>("settled"),
                     });
}

// new Commits(path, writable)
Commits::Commits(const Napi::CallbackInfo& info) : Wrapped<Commits>(info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  const bool writable = info[1].As<Napi::Boolean>();
  const Status status = CommitCounters::Open(path.c_str(), writable, &counters_);
  if (!status.ok()) Throw(info.Env(), status);
}

// begin() → number
Napi::Value Commits::Begin(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), counters_ ? static_cast<double>(counters_->Begin()) : 0);
}

// end(number)
void Commits::End(const Napi::CallbackInfo& info) {
  if (counters_) counters_->End(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value()));
}

// settled() → number; undefined when a commit may be under way
Napi::Value Commits::Settled(const Napi::CallbackInfo& info) {
  const std::optional<uint64_t> number = counters_ ? counters_->Settled() : std::nullopt;
  if (!number) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(*number));
}

}  // namespace skalar::binding
