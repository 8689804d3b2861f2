#include "binding/errors.h"

namespace skalar::binding {
namespace {

const char* Name(Status::Code code) {
  switch (code) {
    case Status::Code::kOutOfMemory:
      return "OUT_OF_MEMORY";
    case Status::Code::kUnusable:
      return "UNUSABLE";
    case Status::Code::kAborted:
      return "ABORTED";
    case Status::Code::kOk:
      break;
  }
  return "INTERNAL";
}

}  // namespace

Napi::Error ToError(Napi::Env env, const Status& status) {
  Napi::Error error = Napi::Error::New(env, status.message());
  error.Set("code", Napi::String::New(env, Name(status.code())));
  return error;
}

Napi::Value Throw(Napi::Env env, const Status& status) {
  ToError(env, status).ThrowAsJavaScriptException();
  return env.Undefined();
}

void ThrowMisuse(Napi::Env env, const std::string& message) {
  Napi::TypeError::New(env, "skalar addon: " + message).ThrowAsJavaScriptException();
}

}  // namespace skalar::binding
