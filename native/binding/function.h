// What JavaScript can call: functions, and classes whose objects hold one C++ object each. All of
// it is called through Guarded() (binding/errors.h), from the first allocation on: Node-API's C++
// wrapper asks for memory before it calls anybody, so its own functions and classes will not do.

#ifndef SKALAR_BINDING_FUNCTION_H_
#define SKALAR_BINDING_FUNCTION_H_

#include <napi.h>

#include <initializer_list>
#include <memory>
#include <type_traits>

#include "binding/errors.h"

namespace skalar::binding {

// Calls work(info), which returns a Napi::Value or nothing.
template <class Work>
napi_value Call(napi_env env, napi_callback_info raw, Work work) {
  napi_value result = nullptr;
  const Status status = Guarded([&] {
    const Napi::CallbackInfo info(env, raw);
    if constexpr (std::is_void_v<decltype(work(info))>) {
      work(info);
    } else {
      result = work(info);
    }
    return Status::Ok();
  });
  if (!status.ok()) Throw(env, status);
  return result;
}

// A function of `info`; info.Data() is `data`.
template <auto function>
Napi::Function FunctionOf(Napi::Env env, const char* name, void* data = nullptr) {
  const napi_callback call = [](napi_env env, napi_callback_info raw) {
    return Call(env, raw, [](const Napi::CallbackInfo& info) { return function(info); });
  };
  napi_value value = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, data, &value);
  return {env, value};
}

// The base of a class T whose constructor takes `info`. Where that has thrown an error in
// JavaScript, the object is of no use, and nobody gets it.
template <class T>
class Wrapped {
 public:
  Wrapped(const Wrapped&) = delete;
  Wrapped& operator=(const Wrapped&) = delete;

  // Null, and an error is thrown, where there is none.
  static T* Unwrap(const Napi::Value& object) {
    void* wrapped = nullptr;
    if (napi_unwrap(object.Env(), object, &wrapped) != napi_ok) {
      ThrowMisuse(object.Env(), "skalar addon: not an object of the class that was asked for");
    }
    return static_cast<T*>(wrapped);
  }

 protected:
  explicit Wrapped(const Napi::CallbackInfo& info) : env_(info.Env()) {}
  ~Wrapped() = default;

  Napi::Env Env() const { return env_; }

  template <auto method>
  static napi_property_descriptor Method(const char* name) {
    const napi_callback call = [](napi_env env, napi_callback_info raw) {
      return Call(env, raw, [](const Napi::CallbackInfo& info) { return On(info, method); });
    };
    return {name, nullptr, call, nullptr, nullptr, nullptr, napi_default, nullptr};
  }

  static Napi::Function DefineClass(Napi::Env env, const char* name,
                                    std::initializer_list<napi_property_descriptor> methods) {
    napi_value value = nullptr;
    napi_define_class(env, name, NAPI_AUTO_LENGTH, Construct, nullptr, methods.size(),
                      methods.begin(), &value);
    return {env, value};
  }

 private:
  template <class Result>
  static Result On(const Napi::CallbackInfo& info, Result (T::*method)(const Napi::CallbackInfo&)) {
    T* const self = Unwrap(info.This());
    return self == nullptr ? Result() : (self->*method)(info);
  }

  static napi_value Construct(napi_env env, napi_callback_info raw) {
    return Call(env, raw, [](const Napi::CallbackInfo& info) {
      auto object = std::make_unique<T>(info);
      const napi_env env = info.Env();
      if (info.Env().IsExceptionPending()) return Napi::Value();
      if (napi_wrap(env, info.This(), object.get(), Delete, nullptr, nullptr) == napi_ok) {
        object.release();
      }
      return info.This();
    });
  }

  static void Delete(napi_env env, void* object, void*) {
    const Napi::HandleScope scope(env);
    delete static_cast<T*>(object);
  }

  const Napi::Env env_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_FUNCTION_H_
