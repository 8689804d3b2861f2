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

Napi::Value ToError(Napi::Env env, const Status& status) {
  napi_value code = nullptr;
  napi_value message = nullptr;
  napi_value error = nullptr;
  napi_create_string_utf8(env, Name(status.code()), NAPI_AUTO_LENGTH, &code);
  napi_create_string_utf8(env, status.message(), NAPI_AUTO_LENGTH, &message);
  napi_create_error(env, code, message, &error);
  return {env, error};
}

// What becomes of these two is not asked: where a worker is terminated, or something else was
// thrown already, nothing more can be.
Napi::Value Throw(Napi::Env env, const Status& status) {
  napi_throw_error(env, Name(status.code()), status.message());
  return env.Undefined();
}

void ThrowMisuse(Napi::Env env, const char* message) {
  napi_throw_type_error(env, nullptr, message);
}

}  // namespace skalar::binding
