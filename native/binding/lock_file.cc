#include "binding/lock_file.h"

#include <string>
#include <utility>

namespace skalar::binding {

Napi::Function LockFile::Define(Napi::Env env) {
  return DefineClass(env, "LockFile",
                     {
                         Method<&LockFile::Hold>("hold"),
                         Method<&LockFile::RaiseTo>("raiseTo"),
                         Method<&LockFile::Close>("close"),
                     });
}

// new LockFile(path)
LockFile::LockFile(const Napi::CallbackInfo& info)
    : Wrapped<LockFile>(info), file_(new std::shared_ptr<skalar::LockFile>) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  *file_ = skalar::LockFile::Of(path.c_str());
}

// hold()
void LockFile::Hold(const Napi::CallbackInfo&) {
  if (file_ != nullptr && *file_ != nullptr) (*file_)->Hold();
}

// raiseTo(least) → whether it was less; undefined when it cannot be told
Napi::Value LockFile::RaiseTo(const Napi::CallbackInfo& info) {
  if (file_ == nullptr || *file_ == nullptr) return info.Env().Undefined();
  const auto least = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  return Napi::Boolean::New(info.Env(), (*file_)->RaiseTo(least));
}

// close()
void LockFile::Close(const Napi::CallbackInfo&) { delete std::exchange(file_, nullptr); }

}  // namespace skalar::binding
