#include "binding/exit.h"

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <functional>

#include "binding/function.h"

#if !defined(_WIN32)
#include <dlfcn.h>
#include <unistd.h>
#endif

namespace node {
class Environment;
}

namespace skalar::binding {
namespace {

// Of all threads of this process.
std::atomic<size_t> writes{0};

// The writes of one JavaScript thread. When that ends, none of them is under way any more.
class Writes {
 public:
  void Begin() {
    ++own_;
    ++writes;
  }
  void End() {
    if (own_ == 0) return;
    --own_;
    --writes;
  }
  static void EndAll(void* self) {
    auto* own = static_cast<Writes*>(self);
    writes -= own->own_;
    delete own;
  }

 private:
  size_t own_ = 0;
};

#if !defined(_WIN32)

// Node's way to say what exiting is. It is C++ and not Node-API, so it is looked up by name: where
// another runtime has no such function, an exit is what that makes of it.
using ExitHandler = std::function<void(node::Environment*, int)>;
using SetExitHandler = void (*)(node::Environment*, ExitHandler&&);
using DefaultExit = void (*)(node::Environment*, int);

template <typename Function>
Function Find(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

// A v8::Local is a pointer.
node::Environment* CurrentEnvironment() {
  const auto isolate = Find<void* (*)()>("_ZN2v87Isolate10GetCurrentEv");
  const auto context = Find<void* (*)(void*)>("_ZN2v87Isolate17GetCurrentContextEv");
  const auto environment = Find<node::Environment* (*)(void*)>(
      "_ZN4node21GetCurrentEnvironmentEN2v85LocalINS0_7ContextEEE");
  if (isolate == nullptr || context == nullptr || environment == nullptr) return nullptr;
  return environment(context(isolate()));
}

void LeaveWhileWriting(const Napi::CallbackInfo&) {
#if defined(_LIBCPP_VERSION)
  constexpr char kSet[] =
      "_ZN4node21SetProcessExitHandlerEPNS_11EnvironmentEONSt3__18functionIFvS1_iEEE";
#else
  constexpr char kSet[] = "_ZN4node21SetProcessExitHandlerEPNS_11EnvironmentEOSt8functionIFvS1_iEE";
#endif
  const auto set = Find<SetExitHandler>(kSet);
  const auto as_usual =
      Find<DefaultExit>("_ZN4node25DefaultProcessExitHandlerEPNS_11EnvironmentEi");
  node::Environment* const environment = CurrentEnvironment();
  if (set == nullptr || as_usual == nullptr || environment == nullptr) return;
  set(environment, [as_usual](node::Environment* ending, int code) {
    if (writes == 0) return as_usual(ending, code);
    std::fflush(nullptr);
    _exit(code);
  });
}

#else

void LeaveWhileWriting(const Napi::CallbackInfo&) {}

#endif

void BeginWrite(const Napi::CallbackInfo& info) { static_cast<Writes*>(info.Data())->Begin(); }
void EndWrite(const Napi::CallbackInfo& info) { static_cast<Writes*>(info.Data())->End(); }

}  // namespace

void DefineExit(Napi::Env env, Napi::Object exports) {
  auto* own = new Writes;
  napi_add_env_cleanup_hook(env, Writes::EndAll, own);
  // beginWrite(): lmdb-js is about to be given a write
  exports.Set("beginWrite", FunctionOf<BeginWrite>(env, "beginWrite", own));
  // endWrite(): it is done with it
  exports.Set("endWrite", FunctionOf<EndWrite>(env, "endWrite", own));
  // leaveWhileWriting(): in the main thread
  exports.Set("leaveWhileWriting", FunctionOf<LeaveWhileWriting>(env, "leaveWhileWriting"));
}

}  // namespace skalar::binding
