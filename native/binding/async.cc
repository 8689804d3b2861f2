#include "binding/async.h"

#include <utility>

#include "binding/errors.h"

namespace skalar::binding {

AbortFlag ReadAbortFlag(const Napi::Value& value) {
  if (!value.IsTypedArray()) return nullptr;
  static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t));
  return reinterpret_cast<std::atomic<int32_t>*>(value.As<Napi::Int32Array>().Data());
}

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
  return DefineClass(env, "Pool", {Method<&Pool::Close>("close")});
}

Pool::Pool(const Napi::CallbackInfo& info)
    : Wrapped<Pool>(info),
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

class PoolOperation::Turn {
 public:
  explicit Turn(PoolOperation* operation) : operation_(*operation) { operation_.Begin(); }
  ~Turn() {
    if (!ran_) operation_.dropped_ = true;
    operation_.End();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  void Run() {
    const Status status = Guarded([this] {
      operation_.Work();
      return Status::Ok();
    });
    if (!status.ok()) operation_.starved_ = true;
    ran_ = true;
  }

 private:
  PoolOperation& operation_;
  bool ran_ = false;
};

PoolOperation::PoolOperation(const Napi::CallbackInfo& info, Pool* pool)
    : deferred_(info.Env()), threads_(pool->threads()), loop_(pool->loop()) {
  kept_ = Napi::Persistent(Napi::Object::New(info.Env()));
  kept_.Value().Set(0u, info.This());
  for (uint32_t i = 0; i < info.Length(); ++i) kept_.Value().Set(i + 1, info[i]);
}

Napi::Promise PoolOperation::Start(std::unique_ptr<PoolOperation> operation, size_t workers) {
  const Napi::Promise promise = operation->deferred_.Promise();
  // The last turn's end gives it to the loop, which deletes it on this very thread, and so not
  // before this returns. This is a turn of its own: until its end the others are not all.
  PoolOperation* const started = operation.release();
  started->loop_->Begin();
  started->Begin();
  for (size_t i = 0; i < workers; ++i) {
    const Status status = Guarded([started] {
      return started->threads_.Submit([turn = std::make_shared<Turn>(started)] { turn->Run(); });
    });
    if (!status.ok()) started->refused_ = status;
  }
  started->End();
  return promise;
}

void PoolOperation::End() noexcept {
  if (--unfinished_ == 0) loop_->Finish(std::unique_ptr<Operation>(this));
}

Status PoolOperation::Failure() const {
  if (!refused_.ok()) return refused_;
  if (dropped_) return Status::Aborted();
  return starved_ ? NoMemory() : Status::Ok();
}

void PoolOperation::Settle(Napi::Env env) {
  Napi::Value result;
  const Status status = Guarded([&] {
    const Status finished = Finish();
    const Status failure = Failure();
    if (!failure.ok() || !finished.ok()) return failure.ok() ? finished : failure;
    result = Result(env);
    return Status::Ok();
  });
  if (!status.ok()) return deferred_.Reject(ToError(env, status));
  deferred_.Resolve(result);
}

}  // namespace skalar::binding
