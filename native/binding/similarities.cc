#include "binding/similarities.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "binding/async.h"
#include "score/similarities.h"

namespace skalar::binding {
namespace {

template <class Element>
class SimilaritiesOperation : public PoolOperation {
 public:
  SimilaritiesOperation(const Napi::CallbackInfo& info, Pool* pool)
      : PoolOperation(info, pool), workers_(info[8].As<Napi::Number>().Uint32Value()) {
    const size_t columns = info[3].As<Napi::Number>().Uint32Value();
    const double* parameters = info[5].As<Napi::Float64Array>().Data();
    const Formula formula = {static_cast<Measure>(info[4].As<Napi::Number>().Uint32Value()),
                             parameters[0], parameters[1], parameters[2]};
    std::atomic<int32_t>* state = StateOf(info[7]);
    workers_ = std::min(workers_, threads());
    work_.emplace(MatrixOf(info[1], columns), MatrixOf(info[2], columns), formula,
                  info[6].As<Elements>().Data(), workers_,
                  AbortFlag(static_cast<AbortFlag::Value>(state)).Or(stopped()), state + 1);
  }

  size_t Workers() const { return std::min(workers_, work_->Parallelism()); }

  void Abandon() override {}

 protected:
  void Work() override { work_->Work(); }

  Status Finish() override { return work_->Finish(); }

 private:
  using Elements = Napi::TypedArrayOf<Element>;

  static Matrix<Element> MatrixOf(const Napi::Value& value, size_t columns) {
    const auto elements = value.As<Elements>();
    return {elements.Data(), elements.ElementLength() / columns, columns};
  }

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
  const bool narrow = info[1].As<Napi::TypedArray>().TypedArrayType() == napi_float32_array;
  return narrow ? Start<float>(info) : Start<double>(info);
}

}  // namespace skalar::binding
