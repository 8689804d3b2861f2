#include "binding/precision.h"

namespace skalar::binding {

Napi::Function Precision::Define(Napi::Env env) {
  return DefineClass(env, "Precision", {Method<&Precision::Memory>("memory")});
}

Precision::Precision(const Napi::CallbackInfo& info) : Wrapped<Precision>(info) {
  const auto matrix = info[0].As<Napi::Float64Array>();
  const auto factor = info[1].As<Napi::Float64Array>();
  const auto exponents = info[2].As<Napi::Int32Array>();
  const size_t n = exponents.ElementLength();
  if (n == 0 || matrix.ElementLength() != n * n || factor.ElementLength() != n * n) {
    ThrowMisuse(info.Env(), "skalar addon: a matrix of another dimension");
    return;
  }
  precision_ =
      std::make_shared<const skalar::Precision>(matrix.Data(), factor.Data(), exponents.Data(), n);
}

// memory() → number: bytes
Napi::Value Precision::Memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(precision_->memory()));
}

std::shared_ptr<const Whitened> ReadPrecision(const Napi::Value& value) {
  return value.IsObject() ? WithoutImages(Precision::Unwrap(value)->shared()) : nullptr;
}

}  // namespace skalar::binding
