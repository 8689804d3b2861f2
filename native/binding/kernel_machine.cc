#include "binding/kernel_machine.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "binding/async.h"
#include "binding/matrices.h"
#include "score/decisions.h"

namespace skalar::binding {
namespace {

template <class Element>
std::vector<Element> CopyOf(const Napi::Value& value) {
  const auto elements = value.As<Napi::TypedArrayOf<Element>>();
  return {elements.Data(), elements.Data() + elements.ElementLength()};
}

class DecideOperation : public PoolOperation {
 public:
  DecideOperation(const Napi::CallbackInfo& info, KernelMachine* machine, Pool* pool)
      : PoolOperation(info, pool),
        machine_(*machine),
        work_(&machine->machine(), info[1].As<Napi::Float32Array>().Data(),
              MatrixOf<double>(info[2], machine->machine().columns()),
              info[3].As<Napi::Float64Array>().Data(),
              std::min<size_t>(info[5].As<Napi::Number>().Uint32Value(), threads()),
              ReadAbortFlag(info[4]).Or(stopped())) {}

  size_t Workers() const { return work_.Workers(); }

  void Abandon() override {}

 protected:
  void Work() override { work_.Work(); }

  Status Finish() override {
    machine_.ReportMemory();
    return work_.Finish();
  }

 private:
  KernelMachine& machine_;
  Decisions work_;
};

}  // namespace

Napi::Function KernelMachine::Define(Napi::Env env) {
  return DefineClass(env, "KernelMachine", {Method<&KernelMachine::Decide>("decide")});
}

KernelMachine::KernelMachine(const Napi::CallbackInfo& info)
    : Wrapped<KernelMachine>(info),
      machine_(std::make_unique<skalar::KernelMachine>(
          info[0].As<Napi::Number>().Uint32Value(), FormulaOf(info[1], info[2]),
          CopyOf<uint32_t>(info[3]), CopyOf<double>(info[4]), CopyOf<double>(info[5]))),
      external_memory_(info.Env()) {
  ReportMemory();
}

Napi::Value KernelMachine::Decide(const Napi::CallbackInfo& info) {
  auto operation = std::make_unique<DecideOperation>(info, this, Pool::Unwrap(info[0]));
  const size_t workers = operation->Workers();
  return PoolOperation::Start(std::move(operation), workers);
}

}  // namespace skalar::binding
