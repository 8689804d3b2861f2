#include "binding/decisions.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "binding/async.h"
#include "binding/matrices.h"
#include "score/decisions.h"

namespace skalar::binding {
namespace {

Machine MachineOf(const Napi::CallbackInfo& info, size_t columns) {
  const auto ends = info[6].As<Napi::Uint32Array>();
  return {MatrixOf<double>(info[1], columns), ends.ElementLength(), ends.Data(),
          info[7].As<Napi::Float64Array>().Data(), info[8].As<Napi::Float64Array>().Data()};
}

class DecisionsOperation : public PoolOperation {
 public:
  DecisionsOperation(const Napi::CallbackInfo& info, Pool* pool, size_t columns)
      : PoolOperation(info, pool),
        work_(MachineOf(info, columns), MatrixOf<double>(info[2], columns),
              FormulaOf(info[4], info[5]), info[9].As<Napi::Float64Array>().Data(),
              std::min<size_t>(info[11].As<Napi::Number>().Uint32Value(), threads()),
              ReadAbortFlag(info[10]).Or(stopped())) {}

  size_t Workers() const { return work_.Workers(); }

  void Abandon() override {}

 protected:
  void Work() override { work_.Work(); }

  Status Finish() override { return work_.Finish(); }

 private:
  Decisions work_;
};

}  // namespace

Napi::Value StartDecisions(const Napi::CallbackInfo& info) {
  Pool* pool = Pool::Unwrap(info[0].As<Napi::Object>());
  const size_t columns = info[3].As<Napi::Number>().Uint32Value();
  auto operation = std::make_unique<DecisionsOperation>(info, pool, columns);
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

}  // namespace skalar::binding
