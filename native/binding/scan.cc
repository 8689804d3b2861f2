#include "binding/scan.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "binding/async.h"
#include "binding/store.h"
#include "binding/whitening.h"
#include "flat/scan.h"

namespace skalar::binding {
namespace {

constexpr size_t kParams = 9;

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
  query->metric = static_cast<Metric>(static_cast<uint32_t>(params[7]));
  query->center = params[8];
}

SlotList ReadSlots(const Napi::Value& value) {
  if (!value.IsTypedArray()) return nullptr;
  const auto slots = value.As<Napi::Uint32Array>();
  return std::make_shared<const std::vector<uint32_t>>(slots.Data(),
                                                       slots.Data() + slots.ElementLength());
}

// One asynchronous scan() call: its queries in groups, each group a pass shared by several workers.
class ScanOperation : public PoolOperation {
 public:
  ScanOperation(const Napi::CallbackInfo& info, Store* store, Pool* pool, ScanArguments arguments)
      : PoolOperation(info, pool),
        store_(store),
        since_(static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value())) {
    auto& queries = arguments.queries;
    for (size_t i = 0; i < queries.size(); i += kGroup) {
      const auto begin = queries.begin() + static_cast<ptrdiff_t>(i);
      const auto end = begin + static_cast<ptrdiff_t>(std::min(kGroup, queries.size() - i));
      passes_.push_back(std::make_unique<Pass>(
          store->vectors().Snapshot(),
          std::vector<Query>(std::make_move_iterator(begin), std::make_move_iterator(end)),
          arguments.abort.Or(stopped())));
    }
    PlanTurns();
  }

  size_t Workers() const { return turns_.size(); }

  void Abandon() override { passes_.clear(); }

 protected:
  void Work() override {
    Pass& pass = *turns_[next_turn_.fetch_add(1)];
    pass.scan.Work();
    if (--pass.workers == 0) pass.status = pass.scan.Finish(&pass.answers);
  }

  Status Finish() override {
    for (const auto& pass : passes_) {
      if (!pass->status.ok()) return pass->status;
    }
    return Status::Ok();
  }

  Napi::Value Result(Napi::Env env) override {
    std::vector<Hits> answers;
    for (const auto& pass : passes_) {
      answers.insert(answers.end(), std::make_move_iterator(pass->answers.begin()),
                     std::make_move_iterator(pass->answers.end()));
    }
    return store_->ToNumbers(env, answers, since_, Argument(2).As<Napi::Array>());
  }

 private:
  struct Pass {
    Pass(VectorStore::View view, std::vector<Query> queries, AbortFlag abort)
        : scan(std::move(view), std::move(queries), abort) {}

    Scan scan;
    std::atomic<size_t> workers{0};
    Status status;
    std::vector<Hits> answers;
  };

  // With fewer passes than threads, several workers share a pass.
  void PlanTurns() {
    if (passes_.empty()) return;
    const size_t share = (threads() + passes_.size() - 1) / passes_.size();
    for (const auto& pass : passes_) {
      pass->workers = std::clamp<size_t>(pass->scan.Parallelism(), 1, share);
      turns_.insert(turns_.end(), pass->workers, pass.get());
    }
  }

  const Store* const store_;
  const uint64_t since_;
  std::vector<std::unique_ptr<Pass>> passes_;
  // The pass of each call of Work().
  std::vector<Pass*> turns_;
  std::atomic<size_t> next_turn_{0};
};

}  // namespace

ScanArguments ReadScanArguments(const Napi::CallbackInfo& info, size_t first, const Store& store) {
  const VectorStore::View view = store.vectors().Snapshot();
  const size_t count = info[first].As<Napi::Number>().Uint32Value();
  const auto vectors = info[first + 1].As<Napi::Float32Array>();
  const auto params = info[first + 2].As<Napi::Float64Array>();
  const size_t dimension = view.dimension();
  const size_t stride = view.stride();
  const Napi::Value allowed = info[first + 3];
  ScanArguments arguments;
  arguments.queries.resize(count);
  std::shared_ptr<const Whitened> whitened;
  const Napi::Value whitening = info[first + 5];
  if (whitening.IsObject()) whitened = Whitening::Unwrap(whitening)->Snapshot();
  // Queries that share a filter stand side by side, and share one copy of its slots.
  Napi::Value shared;
  SlotList slots;
  for (size_t i = 0; i < count; ++i) {
    Query& query = arguments.queries[i];
    const float* vector = vectors.Data() + i * dimension;
    if (dimension == stride) {
      query.vector = Borrowed(vector);
    } else {
      std::vector<float> padded(stride);
      std::copy_n(vector, dimension, padded.begin());
      query.vector = Owned(std::move(padded));
    }
    ReadParams(params.Data() + i * kParams, &query);
    if (query.metric == Metric::kMahalanobis) {
      if (whitened == nullptr) {
        ThrowMisuse(info.Env(), "skalar addon: a query by a matrix without images");
        return {};
      }
      query.whitened = whitened;
    }
    if (allowed.IsArray()) {
      const Napi::Value own = allowed.As<Napi::Array>().Get(static_cast<uint32_t>(i));
      if (i == 0 || !own.StrictEquals(shared)) {
        shared = own;
        slots = ReadSlots(own);
      }
      query.allowed = slots;
    }
  }
  arguments.abort = ReadAbortFlag(info[first + 4]);
  return arguments;
}

Napi::Value StartScan(const Napi::CallbackInfo& info) {
  Store* store = Store::Unwrap(info.This());
  Pool* pool = Pool::Unwrap(info[0]);
  auto operation =
      std::make_unique<ScanOperation>(info, store, pool, ReadScanArguments(info, 3, *store));
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

}  // namespace skalar::binding
