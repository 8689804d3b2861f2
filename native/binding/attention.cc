#include "binding/attention.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "binding/async.h"
#include "binding/heads.h"
#include "binding/store.h"
#include "score/attention.h"

namespace skalar::binding {
namespace {

// A pass, and what it points to.
struct Pass {
  std::optional<VectorStore::View> values;
  std::optional<Attention> attention;
  Status status;
  std::vector<double> outputs;
  std::vector<Total> totals;
  std::vector<Hits> heaviest;

  void Finish() { status = attention->Finish(&outputs, &totals, &heaviest); }
};

// `stopped` stands behind the call's own flag.
void ReadPass(const Napi::CallbackInfo& info, size_t first, const Store& store,
              AbortFlag::Value stopped, Pass* pass) {
  const VectorStore::View keys = store.vectors().Snapshot();
  Heads heads = ReadHeads(info, first, keys, stopped);
  Values values;
  values.own = heads.own_values;
  values.places = ReadSlots(info[first + 6]);
  const Napi::Value others = info[first + 5];
  if (others.IsTypedArray()) {
    values.rows = others.As<Napi::Float32Array>().Data();
    values.stride = info[first + 7].As<Napi::Number>().Uint32Value();
  } else if (others.IsObject()) {
    pass->values = Store::Unwrap(others)->vectors().Snapshot();
    values.store = &*pass->values;
  }
  pass->attention.emplace(keys, heads.weighting, std::move(heads.heads), std::move(heads.members),
                          std::move(values), heads.top, heads.abort);
}

Napi::Value ToResult(Napi::Env env, const Pass& pass, const Store& store, uint64_t since,
                     Napi::Array texts) {
  Napi::Array result = Napi::Array::New(env, 3);
  result.Set(0u, store.ToNumbers(env, pass.heaviest, since, texts));
  result.Set(1u, ToArray(env, pass.totals));
  result.Set(2u, ToArray(env, pass.outputs));
  return result;
}

uint64_t ReadPosition(const Napi::Value& value) {
  return static_cast<uint64_t>(value.As<Napi::Number>().Int64Value());
}

class AttentionOperation : public PoolOperation {
 public:
  AttentionOperation(const Napi::CallbackInfo& info, Store* store, Pool* pool)
      : PoolOperation(info, pool),
        store_(store),
        since_(ReadPosition(info[1])),
        pass_(std::make_unique<Pass>()) {
    ReadPass(info, 3, *store, stopped(), pass_.get());
    workers_ = std::clamp<size_t>(pass_->attention->Parallelism(), 1, threads());
    left_ = workers_;
  }

  size_t Workers() const { return workers_; }

  void Abandon() override { pass_.reset(); }

 protected:
  void Work() override {
    pass_->attention->Work();
    if (--left_ == 0) pass_->Finish();
  }

  Status Finish() override { return pass_->status; }

  Napi::Value Result(Napi::Env env) override {
    return ToResult(env, *pass_, *store_, since_, Argument(2).As<Napi::Array>());
  }

 private:
  const Store* const store_;
  const uint64_t since_;
  std::unique_ptr<Pass> pass_;
  size_t workers_ = 0;
  std::atomic<size_t> left_{0};
};

}  // namespace

Napi::Value StartAttention(const Napi::CallbackInfo& info) {
  auto operation =
      std::make_unique<AttentionOperation>(info, Store::Unwrap(info.This()), Pool::Unwrap(info[0]));
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

Napi::Value AttendSync(const Napi::CallbackInfo& info) {
  const Store* store = Store::Unwrap(info.This());
  Pass pass;
  ReadPass(info, 2, *store, nullptr, &pass);
  pass.attention->Work();
  pass.Finish();
  if (!pass.status.ok()) return Throw(info.Env(), pass.status);
  return ToResult(info.Env(), pass, *store, ReadPosition(info[0]), info[1].As<Napi::Array>());
}

}  // namespace skalar::binding
