#include "binding/similarities.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "binding/async.h"
#include "binding/matrices.h"
#include "score/similarities.h"

namespace skalar::binding {
namespace {

bool IsFloat32(const Napi::Value& value) {
  return value.As<Napi::TypedArray>().TypedArrayType() == napi_float32_array;
}

template <class Element>
class SimilaritiesOperation : public PoolOperation {
 public:
  SimilaritiesOperation(const Napi::CallbackInfo& info, Pool* pool)
      : PoolOperation(info, pool), workers_(info[8].As<Napi::Number>().Uint32Value()) {
    const size_t columns = info[3].As<Napi::Number>().Uint32Value();
    std::atomic<int32_t>* state = StateOf(info[7]);
    workers_ = std::min(workers_, threads());
    work_.emplace(MatrixOf<Element>(info[1], columns), MatrixOf<Element>(info[2], columns),
                  FormulaOf(info[4], info[5]), info[6].As<Napi::TypedArrayOf<Element>>().Data(),
                  workers_, AbortFlag(static_cast<AbortFlag::Value>(state)).Or(stopped()),
                  state + 1);
  }

  size_t Workers() const { return std::min(workers_, work_->Parallelism()); }

  void Abandon() override {}

 protected:
  void Work() override { work_->Work(); }

  Status Finish() override { return work_->Finish(); }

 private:
  static std::atomic<int32_t>* StateOf(const Napi::Value& value) {
    return reinterpret_cast<std::atomic<int32_t>*>(value.As<Napi::Int32Array>().Data());
  }

  size_t workers_;
  std::optional<Similarities<Element>> work_;
};

template <class Element>
Napi::Value Start(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0].As<Napi::Object>());
  auto operation = std::make_unique<SimilaritiesOperation<Element>>(info, pool);
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

}  // namespace

Napi::Value StartSimilarities(const Napi::CallbackInfo& info) {
  return IsFloat32(info[1]) ? Start<float>(info) : Start<double>(info);
}

Napi::Value FirstBadRowJs(const Napi::CallbackInfo& info) {
  const size_t columns = info[1].As<Napi::Number>().Uint32Value();
  const bool refuse_zero = info[2].As<Napi::Boolean>();
  const size_t row = IsFloat32(info[0])
                         ? FirstBadRow(MatrixOf<float>(info[0], columns), refuse_zero)
                         : FirstBadRow(MatrixOf<double>(info[0], columns), refuse_zero);
  return Napi::Number::New(info.Env(), static_cast<double>(row));
}

}  // namespace skalar::binding
