#include "binding/commit_number.h"

#include <string>
#include <utility>

namespace skalar::binding {

Napi::Function CommitNumber::Define(Napi::Env env) {
  return DefineClass(env, "CommitNumber",
                     {
                         Method<&CommitNumber::RaiseTo>("raiseTo"),
                         Method<&CommitNumber::Close>("close"),
                     });
}

// new CommitNumber(path)
CommitNumber::CommitNumber(const Napi::CallbackInfo& info)
    : Wrapped<CommitNumber>(info), number_(new std::shared_ptr<skalar::CommitNumber>) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  *number_ = skalar::CommitNumber::Of(path.c_str());
}

// raiseTo(least) → whether it was less; undefined when it cannot be told
Napi::Value CommitNumber::RaiseTo(const Napi::CallbackInfo& info) {
  if (number_ == nullptr || *number_ == nullptr) return info.Env().Undefined();
  const auto least = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  return Napi::Boolean::New(info.Env(), (*number_)->RaiseTo(least));
}

// close()
void CommitNumber::Close(const Napi::CallbackInfo&) { delete std::exchange(number_, nullptr); }

}  // namespace skalar::binding
