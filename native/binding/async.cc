#include "binding/async.h"

#include <utility>

namespace skalar::binding {

Loop::Loop(Napi::Env env) : env_(env) {
  const Napi::String name = Napi::String::New(env, "skalar");
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                  Deliver, &function_);
  napi_unref_threadsafe_function(env, function_);
}

void Loop::Begin() {
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, function_);
}

void Loop::Finish(std::unique_ptr<Operation> operation) {
  Operation* raw = operation.release();
  const napi_status status = napi_call_threadsafe_function(function_, raw, napi_tsfn_nonblocking);
  if (status != napi_ok) raw->Abandon();
}

void Loop::Deliver(napi_env env, napi_value, void* loop, void* raw) {
  if (env == nullptr) return static_cast<Operation*>(raw)->Abandon();
  std::unique_ptr<Operation> operation(static_cast<Operation*>(raw));
  Loop* self = static_cast<Loop*>(loop);
  if (--self->pending_ == 0) napi_unref_threadsafe_function(env, self->function_);
  operation->Settle(Napi::Env(env));
}

Napi::Function Pool::Define(Napi::Env env) {
  return DefineClass(env, "Pool", {InstanceMethod<&Pool::Close>("close")});
}

Pool::Pool(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Pool>(info),
      loop_(*info.Env().GetInstanceData<std::shared_ptr<Loop>>()),
      threads_(std::make_unique<ThreadPool>(info[0].As<Napi::Number>().Uint32Value())) {
  // A worker that is terminated closes nothing: its threads must not outlive its environment.
  napi_add_env_cleanup_hook(info.Env(), CloseAtExit, this);
}

Pool::~Pool() {
  napi_remove_env_cleanup_hook(Env(), CloseAtExit, this);
  threads_->Stop();
}

void Pool::Close(const Napi::CallbackInfo&) { threads_->Stop(); }

void Pool::CloseAtExit(void* pool) { static_cast<Pool*>(pool)->threads_->Stop(); }

}  // namespace skalar::binding
