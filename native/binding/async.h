// Asynchronous operations: our threads do the work, the JavaScript thread hears of it.
//
// An operation is a subclass of Operation: everything it needs is a C++ value before it starts, its
// thread part never touches Node-API, and Settle() runs on the JavaScript thread once it is done.

#ifndef SKALAR_BINDING_ASYNC_H_
#define SKALAR_BINDING_ASYNC_H_

#include <napi.h>

#include <atomic>
#include <memory>

#include "base/abort.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "binding/function.h"

namespace skalar::binding {

class Operation {
 public:
  virtual ~Operation() = default;
  // Resolves or rejects. Runs on the JavaScript thread.
  virtual void Settle(Napi::Env env) = 0;
  // In place of Settle() when the environment is going down: frees what is not JavaScript's. The
  // object itself stays, since the references it holds are not to be touched any more. On any
  // thread.
  virtual void Abandon() = 0;
};

// Brings finished operations to the JavaScript thread, and keeps the process alive while any is
// under way.
//
// Thread safety: Finish() from any thread; the rest belongs to the JavaScript thread.
// Invariant: each Begin() is followed by exactly one Finish().
class Loop {
 public:
  explicit Loop(Napi::Env env);

  void Begin();
  void Finish(std::unique_ptr<Operation> operation);

 private:
  static void Deliver(napi_env env, napi_value callback, void* loop, void* operation);

  napi_env const env_;
  napi_threadsafe_function function_ = nullptr;
  size_t pending_ = 0;
};

// new Pool(threads): the worker threads of a database.
class Pool : public Wrapped<Pool> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Pool(const Napi::CallbackInfo& info);
  ~Pool();

  ThreadPool& threads() { return *threads_; }
  // Outlives every operation that was begun on this pool.
  std::shared_ptr<Loop> loop() const { return loop_; }

 private:
  // close(): ends what is under way, then the threads.
  void Close(const Napi::CallbackInfo& info);
  static void CloseAtExit(void* pool);

  std::shared_ptr<Loop> loop_;
  std::unique_ptr<ThreadPool> threads_;
};

// An Int32Array of one element, which other than 0 stops the work; or null.
AbortFlag ReadAbortFlag(const Napi::Value& value);

// An operation whose work several threads of a pool may share. It resolves to what Result()
// returns.
class PoolOperation : public Operation {
 public:
  // Keeps `info`'s this and arguments alive: what the threads point into.
  PoolOperation(const Napi::CallbackInfo& info, Pool* pool);

  // `workers` times Work() runs on some thread; 0 settles at once.
  static Napi::Promise Start(std::unique_ptr<PoolOperation> operation, size_t workers);

  void Settle(Napi::Env env) final;

 protected:
  // On a thread of the pool, possibly on several at once. May be refused memory.
  virtual void Work() = 0;
  // On the JavaScript thread, when no Work() is left. What there was may not have been done: not
  // all of it when a pool that closes drops some, or a thread is refused memory. The operation is
  // rejected then, whatever this returns.
  virtual Status Finish() = 0;
  // After Finish(), unless it is rejected.
  virtual Napi::Value Result(Napi::Env env) { return env.Undefined(); }
  // One of the call's arguments.
  Napi::Value Argument(uint32_t index) { return kept_.Value().Get(index + 1); }
  size_t threads() const { return threads_.size(); }
  // Raised when the pool stops: Work() is to look at it now and then.
  AbortFlag::Value stopped() const { return threads_.stopped(); }

 private:
  // One worker's turn. Its end counts even when a pool that stops drops it before it has run.
  class Turn;
  void Begin() { ++unfinished_; }
  void End() noexcept;
  // Why it is rejected, if so.
  Status Failure() const;

  const Napi::Promise::Deferred deferred_;
  ThreadPool& threads_;
  const std::shared_ptr<Loop> loop_;
  Napi::ObjectReference kept_;
  std::atomic<size_t> unfinished_{0};
  // Some turn has not run; was refused memory.
  std::atomic<bool> dropped_{false};
  std::atomic<bool> starved_{false};
  // Why a turn could not be begun, if so.
  Status refused_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_ASYNC_H_
