#include "binding/diversity.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "binding/async.h"
#include "binding/precision.h"
#include "binding/store.h"
#include "score/diversity.h"

namespace skalar::binding {
namespace {

constexpr size_t kParams = 5;

using Chosen = std::vector<std::vector<uint32_t>>;

// `abort` stands behind the call's own flag.
std::unique_ptr<Diversity> ReadDiversity(const Napi::CallbackInfo& info, size_t first,
                                         const Store& store, AbortFlag::Value abort) {
  const auto metric = static_cast<Metric>(info[first].As<Napi::Number>().Uint32Value());
  const auto params = info[first + 1].As<Napi::Float64Array>();
  const uint32_t* slots = info[first + 2].As<Napi::Uint32Array>().Data();
  const double* relevance = info[first + 3].As<Napi::Float64Array>().Data();
  const bool grouped = info[first + 4].IsTypedArray();
  const uint32_t* ends = grouped ? info[first + 4].As<Napi::Uint32Array>().Data() : nullptr;
  const uint32_t* groups = grouped ? info[first + 5].As<Napi::Uint32Array>().Data() : nullptr;
  std::vector<Choice> choices(params.ElementLength() / kParams);
  size_t begin = 0;
  for (size_t i = 0; i < choices.size(); ++i) {
    const double* own = params.Data() + i * kParams;
    Choice& choice = choices[i];
    choice.slots = slots + begin;
    choice.relevance = relevance + begin;
    choice.count = static_cast<size_t>(own[0]);
    choice.k = static_cast<size_t>(own[1]);
    choice.diversity = own[2];
    choice.squashed = own[3] != 0;
    if (grouped) {
      choice.limit = static_cast<size_t>(own[4]);
      choice.begin = begin == 0 ? 0 : ends[begin - 1];
      choice.ends = ends + begin;
      choice.groups = groups;
    }
    begin += choice.count;
  }
  return std::make_unique<Diversity>(store.vectors().Snapshot(), metric, std::move(choices),
                                     ReadAbortFlag(info[first + 7]).Or(abort),
                                     ReadPrecision(info[first + 6]));
}

Napi::Value ToResult(Napi::Env env, const Chosen& chosen) {
  size_t size = 0;
  for (const auto& places : chosen) size += 1 + places.size();
  auto numbers = Napi::Uint32Array::New(env, size);
  if (numbers.IsEmpty()) return numbers;
  uint32_t* next = numbers.Data();
  for (const auto& places : chosen) {
    *next++ = static_cast<uint32_t>(places.size());
    next = std::copy(places.begin(), places.end(), next);
  }
  return numbers;
}

class DiversityOperation : public PoolOperation {
 public:
  DiversityOperation(const Napi::CallbackInfo& info, const Store& store, Pool* pool)
      : PoolOperation(info, pool), diversity_(ReadDiversity(info, 1, store, stopped())) {}

  size_t Workers() const { return std::clamp<size_t>(diversity_->Parallelism(), 1, threads()); }

  void Abandon() override { diversity_.reset(); }

 protected:
  void Work() override { diversity_->Work(); }

  Status Finish() override { return diversity_->Finish(&chosen_); }

  Napi::Value Result(Napi::Env env) override { return ToResult(env, chosen_); }

 private:
  std::unique_ptr<Diversity> diversity_;
  Chosen chosen_;
};

}  // namespace

Napi::Value StartDiversity(const Napi::CallbackInfo& info) {
  auto operation = std::make_unique<DiversityOperation>(info, *Store::Unwrap(info.This()),
                                                        Pool::Unwrap(info[0]));
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

Napi::Value DiversifySync(const Napi::CallbackInfo& info) {
  const auto diversity = ReadDiversity(info, 0, *Store::Unwrap(info.This()), nullptr);
  diversity->Work();
  Chosen chosen;
  if (const Status status = diversity->Finish(&chosen); !status.ok()) {
    return Throw(info.Env(), status);
  }
  return ToResult(info.Env(), chosen);
}

}  // namespace skalar::binding
