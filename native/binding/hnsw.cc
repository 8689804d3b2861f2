#include "binding/hnsw.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "binding/async.h"
#include "binding/errors.h"
#include "binding/generation.h"
#include "binding/precision.h"
#include "binding/scan.h"
#include "binding/store.h"
#include "binding/weight_bounds.h"
#include "hnsw/build.h"
#include "hnsw/choice.h"
#include "hnsw/renumber.h"
#include "hnsw/search.h"

namespace skalar::binding {
namespace {

// A stretch of linking on the threads that queries wait for.
constexpr std::chrono::milliseconds kStretch(8);

hnsw::Options ReadOptions(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t i) { return info[i].As<Napi::Number>().Uint32Value(); };
  hnsw::Options options = {static_cast<Metric>(number(1)), number(0), number(2), number(3)};
  if (info[4].IsNumber()) options.codes = static_cast<skalar::Codes>(number(4));
  if (info[5].IsObject()) options.precision = Precision::Unwrap(info[5])->shared();
  return options;
}

// search(): threads take a few queries at a time.
class SearchOperation : public PoolOperation {
 public:
  SearchOperation(const Napi::CallbackInfo& info, Pool* pool, const Store* store,
                  hnsw::Index* index, ScanArguments arguments)
      : PoolOperation(info, pool),
        store_(store),
        since_(static_cast<uint64_t>(info[2].As<Napi::Number>().Int64Value())),
        search_(std::in_place, index, store->vectors().Snapshot(), std::move(arguments.queries),
                arguments.abort.Or(stopped())),
        // Few queries are spread over all threads first.
        at_once_(search_->size() > threads() ? hnsw::Search::kAtOnce : 1) {}

  size_t Workers() const { return std::min(threads(), search_->size()); }

  void Abandon() override { search_.reset(); }

 protected:
  void Work() override {
    const size_t size = search_->size();
    for (size_t i; (i = next_.fetch_add(at_once_)) < size;) {
      search_->Run(i, std::min(at_once_, size - i));
    }
  }

  Status Finish() override { return search_->Finish(&answers_); }

  Napi::Value Result(Napi::Env env) override {
    return store_->ToNumbers(env, answers_, since_, Argument(3).As<Napi::Array>());
  }

 private:
  const Store* const store_;
  const uint64_t since_;
  std::optional<hnsw::Search> search_;
  const size_t at_once_;
  std::atomic<size_t> next_{0};
  std::vector<Hits> answers_;
};

Napi::Value ToArray(Napi::Env env, const std::vector<uint32_t>& values) {
  auto array = Napi::Uint32Array::New(env, values.size());
  if (!array.IsEmpty()) std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value ToNumber(Napi::Env env, size_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

}  // namespace

// build(): threads link what waits, for a short while.
class BuildOperation : public PoolOperation {
 public:
  BuildOperation(const Napi::CallbackInfo& info, Pool* pool, const Store* store, Hnsw* hnsw)
      : PoolOperation(info, pool),
        hnsw_(hnsw),
        build_(std::in_place, &hnsw->index_, store->vectors().Snapshot()) {}

  size_t Workers() const { return std::min(threads(), build_->Parallelism()); }

  void Abandon() override { build_.reset(); }

 protected:
  void Work() override { build_->Work(std::chrono::steady_clock::now() + kStretch); }

  Status Finish() override {
    build_->Finish();
    return build_->status();
  }

  Napi::Value Result(Napi::Env env) override {
    hnsw_->external_memory_.Report(hnsw_->index_.memory());
    return env.Undefined();
  }

 private:
  Hnsw* const hnsw_;
  std::optional<hnsw::Build> build_;
};

// choose(): one thread measures.
class ChoiceOperation : public PoolOperation {
 public:
  ChoiceOperation(const Napi::CallbackInfo& info, Pool* pool, const Store* store, Hnsw* hnsw)
      : PoolOperation(info, pool),
        choice_(std::in_place, &hnsw->index_, store->vectors().Snapshot()),
        abort_(ReadAbortFlag(info[2])) {}

  void Abandon() override { choice_.reset(); }

 protected:
  void Work() override { choice_->Work(abort_.Or(stopped())); }
  Status Finish() override { return choice_->Finish(); }

 private:
  std::optional<hnsw::Choice> choice_;
  const AbortFlag abort_;
};

// check(): one thread looks at the whole graph.
class CheckOperation : public PoolOperation {
 public:
  CheckOperation(const Napi::CallbackInfo& info, Pool* pool, const Hnsw* hnsw)
      : PoolOperation(info, pool),
        check_(std::in_place, hnsw->index_.Examine()),
        abort_(ReadAbortFlag(info[1])) {}

  void Abandon() override { check_.reset(); }

 protected:
  void Work() override { status_ = check_->Work(abort_.Or(stopped()), &faults_); }
  Status Finish() override { return status_; }

  Napi::Value Result(Napi::Env env) override {
    auto numbers = Napi::Float64Array::New(env, 4);
    if (numbers.IsEmpty()) return numbers;
    const size_t values[] = {faults_.alive, faults_.names, faults_.slots, faults_.unreached};
    std::copy(std::begin(values), std::end(values), numbers.Data());
    return numbers;
  }

 private:
  std::optional<hnsw::Check> check_;
  const AbortFlag abort_;
  hnsw::GraphFaults faults_;
  Status status_ = Status::Aborted();  // until the work has come to its end
};

// renumber(): one thread copies the graph.
class RenumberOperation : public PoolOperation {
 public:
  RenumberOperation(const Napi::CallbackInfo& info, Pool* pool, Hnsw* hnsw)
      : PoolOperation(info, pool),
        renumbering_(std::in_place, &hnsw->index_),
        abort_(ReadAbortFlag(info[1])) {}

  void Abandon() override { renumbering_.reset(); }

 protected:
  void Work() override { renumbering_->Work(abort_.Or(stopped())); }
  Status Finish() override { return renumbering_->Finish(); }

 private:
  std::optional<hnsw::Renumbering> renumbering_;
  const AbortFlag abort_;
};

Napi::Function Hnsw::Define(Napi::Env env) {
  return DefineClass(env, "Hnsw",
                     {
                         Method<&Hnsw::Put>("put"),
                         Method<&Hnsw::Remove>("remove"),
                         Method<&Hnsw::Nodes>("nodes"),
                         Method<&Hnsw::Alive>("alive"),
                         Method<&Hnsw::Waiting>("waiting"),
                         Method<&Hnsw::MostCandidates>("mostCandidates"),
                         Method<&Hnsw::Codes>("codes"),
                         Method<&Hnsw::Undecided>("undecided"),
                         Method<&Hnsw::Choose>("choose"),
                         Method<&Hnsw::Build>("build"),
                         Method<&Hnsw::Scattered>("scattered"),
                         Method<&Hnsw::Renumber>("renumber"),
                         Method<&Hnsw::Check>("check"),
                         Method<&Hnsw::Search>("search"),
                         Method<&Hnsw::SearchSync>("searchSync"),
                         Method<&Hnsw::Open>("open"),
                         Method<&Hnsw::Weigh>("weigh"),
                         Method<&Hnsw::WeighSync>("weighSync"),
                         Method<&Hnsw::Live>("live"),
                         Method<&Hnsw::Memory>("memory"),
                     });
}

// new Hnsw(dimension, metric, M, efConstruction, codes or null, precision or null)
Hnsw::Hnsw(const Napi::CallbackInfo& info)
    : Wrapped<Hnsw>(info), index_(ReadOptions(info)), external_memory_(info.Env()) {
  const hnsw::Options& options = index_.options();
  const size_t size = options.precision ? options.precision->size() : 0;
  if (size != (options.metric == Metric::kMahalanobis ? options.dimension : 0)) {
    ThrowMisuse(info.Env(), "skalar addon: a matrix of another dimension");
  }
}

// put(slots: Uint32Array)
void Hnsw::Put(const Napi::CallbackInfo& info) {
  const auto slots = info[0].As<Napi::Uint32Array>();
  for (size_t i = 0; i < slots.ElementLength(); ++i) index_.Put(slots[i]);
}

// remove(slots: Uint32Array)
void Hnsw::Remove(const Napi::CallbackInfo& info) {
  const auto slots = info[0].As<Napi::Uint32Array>();
  for (size_t i = 0; i < slots.ElementLength(); ++i) index_.Remove(slots[i]);
}

Napi::Value Hnsw::Nodes(const Napi::CallbackInfo& info) {
  return ToNumber(info.Env(), index_.nodes());
}

Napi::Value Hnsw::Alive(const Napi::CallbackInfo& info) {
  return ToNumber(info.Env(), index_.alive());
}

Napi::Value Hnsw::Waiting(const Napi::CallbackInfo& info) {
  return ToNumber(info.Env(), index_.waiting());
}

Napi::Value Hnsw::MostCandidates(const Napi::CallbackInfo& info) {
  return ToNumber(info.Env(), index_.MostCandidates());
}

// codes() → number: the Codes of native/quant/code.h
Napi::Value Hnsw::Codes(const Napi::CallbackInfo& info) {
  return ToNumber(info.Env(), static_cast<size_t>(index_.codes()));
}

// undecided() → boolean
Napi::Value Hnsw::Undecided(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), index_.undecided());
}

// choose(pool, store, abort) → Promise
Napi::Value Hnsw::Choose(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0]);
  const Store* store = Store::Unwrap(info[1]);
  return PoolOperation::Start(std::make_unique<ChoiceOperation>(info, pool, store, this), 1);
}

// build(pool, store) → Promise
Napi::Value Hnsw::Build(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0]);
  const Store* store = Store::Unwrap(info[1]);
  auto operation = std::make_unique<BuildOperation>(info, pool, store, this);
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

// scattered() → boolean
Napi::Value Hnsw::Scattered(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), index_.scattered());
}

// renumber(pool, abort) → Promise. No build() may be under way, or begin before it is done.
Napi::Value Hnsw::Renumber(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0]);
  auto operation = std::make_unique<RenumberOperation>(info, pool, this);
  return PoolOperation::Start(std::move(operation), 1);
}

// check(pool, abort) → Promise of Float64Array: the GraphFaults in their order
Napi::Value Hnsw::Check(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0]);
  return PoolOperation::Start(std::make_unique<CheckOperation>(info, pool, this), 1);
}

// search(pool, store, since, texts, count, vectors, params, allowed, abort) → Promise of answers
Napi::Value Hnsw::Search(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0]);
  const Store* store = Store::Unwrap(info[1]);
  auto operation = std::make_unique<SearchOperation>(info, pool, store, &index_,
                                                     ReadScanArguments(info, 4, *store));
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

// searchSync(store, since, texts, room, count, vectors, params, allowed, abort) → answers
Napi::Value Hnsw::SearchSync(const Napi::CallbackInfo& info) {
  const Store* store = Store::Unwrap(info[0]);
  ScanArguments arguments = ReadScanArguments(info, 4, *store);
  hnsw::Search search(&index_, store->vectors().Snapshot(), std::move(arguments.queries),
                      arguments.abort);
  for (size_t i = 0; i < search.size(); ++i) search.Run(i, 1);
  std::vector<Hits> answers;
  if (Status status = search.Finish(&answers); !status.ok()) return Throw(info.Env(), status);
  const auto since = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  return store->ToNumbers(info.Env(), answers, since, info[2].As<Napi::Array>(), info[3]);
}

Napi::Value Hnsw::Weigh(const Napi::CallbackInfo& info) { return StartWeightBounds(info, &index_); }

Napi::Value Hnsw::WeighSync(const Napi::CallbackInfo& info) {
  return WeightBoundsSync(info, &index_);
}

// open(generation) → whether it has a graph of these options
Napi::Value Hnsw::Open(const Napi::CallbackInfo& info) {
  const Status status = index_.Open(Generation::Unwrap(info[0])->file());
  external_memory_.Report(index_.memory());
  if (status.ok() || status.code() == Status::Code::kUnusable) {
    return Napi::Boolean::New(info.Env(), status.ok());
  }
  return Throw(info.Env(), status);
}

// live() → Uint32Array: all slots that have a node or wait for one
Napi::Value Hnsw::Live(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), index_.Live());
}

Napi::Value Hnsw::Memory(const Napi::CallbackInfo& info) {
  return ToNumber(info.Env(), index_.memory());
}

}  // namespace skalar::binding
