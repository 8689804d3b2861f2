#include "binding/scan.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "binding/async.h"
#include "binding/errors.h"
#include "binding/store.h"
#include "flat/scan.h"
#include "store/row.h"

namespace skalar::binding {
namespace {

// Where StartScan's `texts` is among the values an operation keeps: its `this` comes first.
constexpr uint32_t kTexts = 3;

constexpr size_t kParams = 7;

// Queries that share a pass over the rows. More would save little memory traffic and delay an
// abort.
constexpr size_t kGroup = 8;

uint32_t SlotOf(double value) { return std::isnan(value) ? kNoSlot : static_cast<uint32_t>(value); }

void ReadParams(const double* params, Query* query) {
  query->k = static_cast<size_t>(params[0]);
  if (!std::isnan(params[1])) query->threshold = params[1];
  if (!std::isnan(params[2])) query->after = Hit{SlotOf(params[3]), params[2]};
  query->excluded = SlotOf(params[4]);
  query->ef = static_cast<size_t>(params[5]);
  query->exact = params[6] != 0;
}

SlotList ReadSlots(const Napi::Value& value) {
  if (!value.IsTypedArray()) return nullptr;
  const auto slots = value.As<Napi::Uint32Array>();
  return std::make_shared<const std::vector<uint32_t>>(slots.Data(),
                                                       slots.Data() + slots.ElementLength());
}

Status CheckVector(const Query& query, Metric metric) {
  const double norm = Norm(query.vector.data(), query.vector.size());
  if (!std::isfinite(norm)) {
    return Status::BadVector("the query vector has a component that is not finite as float32");
  }
  if (norm == 0 && metric == Metric::kCosine) {
    return Status::BadVector("the query vector is zero: it has no direction, so no cosine");
  }
  return Status::Ok();
}

// One asynchronous scan() call: its queries in groups, each group a pass shared by several workers.
class ScanOperation : public Operation {
 public:
  ScanOperation(const Napi::CallbackInfo& info, Store* store, Pool* pool, uint64_t since,
                ScanArguments arguments)
      : deferred_(info.Env()),
        store_(store),
        since_(since),
        threads_(pool->threads()),
        loop_(pool->loop()) {
    // What the threads point into stays alive: the store, its pool, and the abort flag.
    kept_ = Napi::Persistent(Napi::Object::New(info.Env()));
    kept_.Value().Set(0u, info.This());
    for (uint32_t i = 0; i < info.Length(); ++i) kept_.Value().Set(i + 1, info[i]);
    auto& queries = arguments.queries;
    for (size_t i = 0; i < queries.size(); i += kGroup) {
      const auto begin = queries.begin() + static_cast<ptrdiff_t>(i);
      const auto end = begin + static_cast<ptrdiff_t>(std::min(kGroup, queries.size() - i));
      passes_.push_back(std::make_unique<Pass>(
          store->vectors().Snapshot(), store->metric(),
          std::vector<Query>(std::make_move_iterator(begin), std::make_move_iterator(end)),
          arguments.abort));
    }
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  // Takes ownership of itself: the last worker hands it to the loop.
  void Start() {
    loop_->Begin();
    unfinished_ = passes_.size();
    if (passes_.empty()) return Deliver();
    // With fewer passes than threads, several workers share a pass.
    const size_t share = (threads_.size() + passes_.size() - 1) / passes_.size();
    // However soon the last worker is done: the loop deletes the operation on this very thread.
    for (const auto& pass : passes_) {
      const size_t workers = std::clamp<size_t>(pass->scan.Parallelism(), 1, share);
      pass->workers = workers;
      for (size_t i = 0; i < workers; ++i) {
        threads_.Submit([turn = std::make_shared<Turn>(this, pass.get())] { turn->Run(); });
      }
    }
  }

  void Abandon() override { passes_.clear(); }

  void Settle(Napi::Env env) override {
    std::vector<Hits> answers;
    for (const auto& pass : passes_) {
      if (!pass->status.ok()) return deferred_.Reject(ToError(env, pass->status).Value());
      answers.insert(answers.end(), std::make_move_iterator(pass->answers.begin()),
                     std::make_move_iterator(pass->answers.end()));
    }
    const auto texts = kept_.Value().Get(kTexts).As<Napi::Array>();
    deferred_.Resolve(store_->ToNumbers(env, answers, since_, texts));
  }

 private:
  struct Pass {
    Pass(VectorStore::View view, Metric metric, std::vector<Query> queries,
         const std::atomic<int32_t>* abort)
        : scan(std::move(view), metric, std::move(queries), abort) {}

    Scan scan;
    std::atomic<size_t> workers{0};
    std::atomic<bool> dropped{false};
    Status status;
    std::vector<Hits> answers;
  };

  // One worker's turn at a pass. Its end counts even when a pool that stops drops it before it has
  // run.
  class Turn {
   public:
    Turn(ScanOperation* operation, Pass* pass) : operation_(operation), pass_(pass) {}
    ~Turn() { operation_->End(pass_, ran_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    void Run() {
      pass_->scan.Work();
      ran_ = true;
    }

   private:
    ScanOperation* const operation_;
    Pass* const pass_;
    bool ran_ = false;
  };

  void End(Pass* pass, bool ran) {
    if (!ran) pass->dropped = true;
    if (--pass->workers > 0) return;
    pass->status = pass->dropped ? Status::Aborted() : pass->scan.Finish(&pass->answers);
    if (--unfinished_ == 0) Deliver();
  }

  void Deliver() { loop_->Finish(std::unique_ptr<Operation>(this)); }

  const Napi::Promise::Deferred deferred_;
  const Store* const store_;
  const uint64_t since_;
  ThreadPool& threads_;
  const std::shared_ptr<Loop> loop_;
  Napi::ObjectReference kept_;
  std::vector<std::unique_ptr<Pass>> passes_;
  std::atomic<size_t> unfinished_{0};
};

}  // namespace

Status ReadScanArguments(const Napi::CallbackInfo& info, size_t first,
                         const VectorStore::View& view, Metric metric, ScanArguments* arguments) {
  const size_t count = info[first].As<Napi::Number>().Uint32Value();
  const auto vectors = info[first + 1].As<Napi::Float32Array>();
  const auto params = info[first + 2].As<Napi::Float64Array>();
  const Napi::Value allowed = info[first + 3];
  arguments->queries.resize(count);
  for (size_t i = 0; i < count; ++i) {
    Query& query = arguments->queries[i];
    query.vector.assign(view.stride(), 0.0f);
    std::copy_n(vectors.Data() + i * view.dimension(), view.dimension(), query.vector.begin());
    ReadParams(params.Data() + i * kParams, &query);
    if (allowed.IsArray()) {
      query.allowed = ReadSlots(allowed.As<Napi::Array>().Get(static_cast<uint32_t>(i)));
    }
    if (Status status = CheckVector(query, metric); !status.ok()) return status;
  }
  if (info[first + 4].IsTypedArray()) {
    static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t));
    arguments->abort =
        reinterpret_cast<std::atomic<int32_t>*>(info[first + 4].As<Napi::Int32Array>().Data());
  }
  return Status::Ok();
}

Napi::Value StartScan(const Napi::CallbackInfo& info) {
  Store* store = Store::Unwrap(info.This().As<Napi::Object>());
  Pool* pool = Pool::Unwrap(info[0].As<Napi::Object>());
  const auto since = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  ScanArguments arguments;
  const Status status =
      ReadScanArguments(info, 3, store->vectors().Snapshot(), store->metric(), &arguments);
  if (!status.ok()) {
    ToError(info.Env(), status).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  auto operation = std::make_unique<ScanOperation>(info, store, pool, since, std::move(arguments));
  const Napi::Promise promise = operation->promise();
  operation.release()->Start();
  return promise;
}

}  // namespace skalar::binding
