// new KernelMachine(columns, measure, parameters, ends, weights, offsets): a support-vector
// machine, as JavaScript sees it. The arrays are copied.
//   columns            number        components of a vector
//   measure            number        of score/formula.h, of a kernel
//   parameters         Float64Array  gamma, coef0, degree
//   ends               Uint32Array   those of score/kernel_machine.h
//   weights, offsets   Float64Array

#ifndef SKALAR_BINDING_KERNEL_MACHINE_H_
#define SKALAR_BINDING_KERNEL_MACHINE_H_

#include <napi.h>

#include <memory>

#include "binding/external_memory.h"
#include "binding/function.h"
#include "score/kernel_machine.h"

namespace skalar::binding {

class KernelMachine : public Wrapped<KernelMachine> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit KernelMachine(const Napi::CallbackInfo& info);

  skalar::KernelMachine& machine() { return *machine_; }
  void ReportMemory() { external_memory_.Report(machine_->memory()); }

 private:
  // decide(pool, supports, vectors, results, state, workers) → Promise of undefined, once `results`
  // are complete.
  //   supports  Float32Array  the same in each call: ends.at(-1) rows of `columns`, finite
  //   vectors   Float64Array  whole rows of `columns`, finite, at least one
  //   results   Float64Array  pairs of classes × rows of vectors
  //   state     Int32Array    other than 0 in its first element stops the work
  //   workers   number        threads of the pool that share the work, at most
  // None is to change until the call is done.
  Napi::Value Decide(const Napi::CallbackInfo& info);

  std::unique_ptr<skalar::KernelMachine> machine_;
  ExternalMemory external_memory_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_KERNEL_MACHINE_H_
