#include "binding/whitening.h"

#include <algorithm>
#include <utility>

#include "binding/async.h"
#include "binding/precision.h"
#include "binding/store.h"

namespace skalar::binding {
namespace {

// One batch, whose rows the pool's threads share.
class AdvanceOperation : public PoolOperation {
 public:
  AdvanceOperation(const Napi::CallbackInfo& info, Whitening* whitening, Pool* pool,
                   const Store& store)
      : PoolOperation(info, pool),
        whitening_(whitening),
        batch_(whitening->whitening().Begin(store.vectors().Snapshot())) {}

  size_t Workers() const { return batch_ ? std::min(batch_->Parallelism(), threads()) : 0; }

  void Abandon() override { batch_.reset(); }

 protected:
  void Work() override { batch_->Work(AbortFlag(stopped())); }

  Status Finish() override {
    if (!batch_) return Status::Ok();
    const Status status = whitening_->whitening().Finish(batch_.get());
    whitening_->ReportMemory();
    return status;
  }

 private:
  Whitening* const whitening_;
  std::unique_ptr<WhiteningBatch> batch_;
};

}  // namespace

Napi::Function Whitening::Define(Napi::Env env) {
  return DefineClass(env, "Whitening",
                     {
                         Method<&Whitening::Put>("put"),
                         Method<&Whitening::Remove>("remove"),
                         Method<&Whitening::Waiting>("waiting"),
                         Method<&Whitening::Advance>("advance"),
                         Method<&Whitening::AdvanceSync>("advanceSync"),
                         Method<&Whitening::Memory>("memory"),
                     });
}

Whitening::Whitening(const Napi::CallbackInfo& info)
    : Wrapped<Whitening>(info), external_memory_(info.Env()) {
  const Store* store = Store::Unwrap(info[0]);
  if (store == nullptr) return;
  const VectorStore::View view = store->vectors().Snapshot();
  const Precision* precision = Precision::Unwrap(info[1]);
  if (precision == nullptr) return;
  if (precision->shared()->size() != view.dimension()) {
    ThrowMisuse(info.Env(), "skalar addon: a matrix of another dimension");
    return;
  }
  whitening_ = std::make_unique<skalar::Whitening>(precision->shared(), view);
  ReportMemory();
}

// put(slots: Uint32Array)
void Whitening::Put(const Napi::CallbackInfo& info) {
  const auto slots = info[0].As<Napi::Uint32Array>();
  whitening_->Put(slots.Data(), slots.ElementLength());
}

// remove(slots: Uint32Array)
void Whitening::Remove(const Napi::CallbackInfo& info) {
  const auto slots = info[0].As<Napi::Uint32Array>();
  whitening_->Remove(slots.Data(), slots.ElementLength());
}

Napi::Value Whitening::Waiting(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(whitening_->waiting()));
}

// advance(pool, store) → Promise, once a batch of rows has images
Napi::Value Whitening::Advance(const Napi::CallbackInfo& info) {
  auto operation = std::make_unique<AdvanceOperation>(info, this, Pool::Unwrap(info[0]),
                                                      *Store::Unwrap(info[1]));
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

// advanceSync(store): the same on the calling thread
Napi::Value Whitening::AdvanceSync(const Napi::CallbackInfo& info) {
  const auto batch = whitening_->Begin(Store::Unwrap(info[0])->vectors().Snapshot());
  if (batch == nullptr) return info.Env().Undefined();
  batch->Work(nullptr);
  const Status status = whitening_->Finish(batch.get());
  ReportMemory();
  return status.ok() ? info.Env().Undefined() : Throw(info.Env(), status);
}

Napi::Value Whitening::Memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(whitening_->memory()));
}

}  // namespace skalar::binding
