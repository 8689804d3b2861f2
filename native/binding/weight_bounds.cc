#include "binding/weight_bounds.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "binding/async.h"
#include "binding/errors.h"
#include "binding/heads.h"
#include "binding/store.h"
#include "hnsw/weight_bounds.h"

namespace skalar::binding {
namespace {

hnsw::WeightBounds BoundsOf(const Napi::CallbackInfo& info, size_t first, const Store& store,
                            hnsw::Index* index, AbortFlag::Value stopped) {
  const VectorStore::View vectors = store.vectors().Snapshot();
  Heads heads = ReadHeads(info, first, vectors, stopped);
  return {index,      vectors, heads.weighting, std::move(heads.heads), std::move(heads.members),
          heads.abort};
}

class WeightBoundsOperation : public PoolOperation {
 public:
  WeightBoundsOperation(const Napi::CallbackInfo& info, Pool* pool, const Store& store,
                        hnsw::Index* index)
      : PoolOperation(info, pool),
        bounds_(new hnsw::WeightBounds(BoundsOf(info, 2, store, index, stopped()))),
        workers_(std::clamp<size_t>(bounds_->Parallelism(), 1, threads())),
        left_(workers_) {}

  size_t Workers() const { return workers_; }

  void Abandon() override { bounds_.reset(); }

 protected:
  void Work() override {
    bounds_->Work();
    if (--left_ == 0) status_ = bounds_->Finish(&totals_);
  }

  Status Finish() override { return status_; }

  Napi::Value Result(Napi::Env env) override { return ToArray(env, totals_); }

 private:
  std::unique_ptr<hnsw::WeightBounds> bounds_;
  const size_t workers_;
  std::atomic<size_t> left_;
  Status status_;
  std::vector<Total> totals_;
};

}  // namespace

Napi::Value StartWeightBounds(const Napi::CallbackInfo& info, hnsw::Index* index) {
  auto operation = std::make_unique<WeightBoundsOperation>(info, Pool::Unwrap(info[0]),
                                                           *Store::Unwrap(info[1]), index);
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

Napi::Value WeightBoundsSync(const Napi::CallbackInfo& info, hnsw::Index* index) {
  hnsw::WeightBounds bounds = BoundsOf(info, 1, *Store::Unwrap(info[0]), index, nullptr);
  bounds.Work();
  std::vector<Total> totals;
  if (Status status = bounds.Finish(&totals); !status.ok()) return Throw(info.Env(), status);
  return ToArray(info.Env(), totals);
}

}  // namespace skalar::binding
