#include "binding/attention.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "binding/async.h"
#include "binding/store.h"
#include "score/attention.h"

namespace skalar::binding {
namespace {

constexpr size_t kWindows = 4;
constexpr size_t kTotals = 4;

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

std::vector<uint32_t> ReadSlots(const Napi::Value& value) {
  if (!value.IsTypedArray()) return {};
  const auto slots = value.As<Napi::Uint32Array>();
  return {slots.Data(), slots.Data() + slots.ElementLength()};
}

std::vector<Head> ReadHeads(const Napi::Value& queries, const Napi::Value& windows,
                            const Napi::Value& excluded, const VectorStore::View& keys) {
  const float* query = queries.As<Napi::Float32Array>().Data();
  const auto numbers = windows.As<Napi::Uint32Array>();
  std::vector<Head> heads(numbers.ElementLength() / kWindows);
  for (size_t i = 0; i < heads.size(); ++i) {
    const uint32_t* own = numbers.Data() + i * kWindows;
    heads[i].query.resize(keys.stride());
    std::copy_n(query + i * keys.dimension(), keys.dimension(), heads[i].query.begin());
    heads[i].keys = {own[0], own[1]};
    heads[i].values = {own[2], own[3]};
    if (!excluded.IsArray()) continue;
    heads[i].excluded = ReadSlots(excluded.As<Napi::Array>().Get(static_cast<uint32_t>(i)));
  }
  return heads;
}

// `abort` stands behind the call's own flag.
void ReadPass(const Napi::CallbackInfo& info, size_t first, const Store& store,
              AbortFlag::Value abort, Pass* pass) {
  const VectorStore::View keys = store.vectors().Snapshot();
  const double* numbers = info[first + 2].As<Napi::Float64Array>().Data();
  Weighting weighting;
  weighting.affinity = static_cast<Affinity>(static_cast<uint32_t>(numbers[0]));
  weighting.scale = numbers[1];
  weighting.center = numbers[2];
  weighting.bound = numbers[3] != 0;
  weighting.slack = numbers[4];
  const auto top = static_cast<size_t>(numbers[5]);
  SlotList members;
  if (info[first + 4].IsTypedArray()) {
    members = std::make_shared<const std::vector<uint32_t>>(ReadSlots(info[first + 4]));
  }
  Values values;
  values.own = numbers[6] != 0;
  values.places = ReadSlots(info[first + 6]);
  const Napi::Value others = info[first + 5];
  if (others.IsTypedArray()) {
    values.rows = others.As<Napi::Float32Array>().Data();
    values.stride = info[first + 7].As<Napi::Number>().Uint32Value();
  } else if (others.IsObject()) {
    pass->values = Store::Unwrap(others)->vectors().Snapshot();
    values.store = &*pass->values;
  }
  pass->attention.emplace(
      keys, weighting, ReadHeads(info[first], info[first + 1], info[first + 3], keys),
      std::move(members), std::move(values), top, ReadAbortFlag(info[first + 8]).Or(abort));
}

Napi::Float64Array ToArray(Napi::Env env, const std::vector<double>& numbers) {
  auto array = Napi::Float64Array::New(env, numbers.size());
  if (!array.IsEmpty()) std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

Napi::Value ToResult(Napi::Env env, const Pass& pass, const Store& store, uint64_t since,
                     Napi::Array texts) {
  std::vector<double> totals;
  totals.reserve(kTotals * pass.totals.size());
  for (const auto& [max, sum, rows, longest] : pass.totals) {
    totals.insert(totals.end(), {max, sum, static_cast<double>(rows), longest});
  }
  Napi::Array result = Napi::Array::New(env, 3);
  result.Set(0u, store.ToNumbers(env, pass.heaviest, since, texts));
  result.Set(1u, ToArray(env, totals));
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
