// new Whitening(store, precision): the images of a store's rows by the matrix of a Mahalanobis
// distance, as JavaScript sees them.

#ifndef SKALAR_BINDING_WHITENING_H_
#define SKALAR_BINDING_WHITENING_H_

#include <napi.h>

#include <memory>

#include "binding/external_memory.h"
#include "binding/function.h"
#include "score/whitening.h"

namespace skalar::binding {

class Whitening : public Wrapped<Whitening> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Whitening(const Napi::CallbackInfo& info);

  // What is known at this moment.
  std::shared_ptr<const Whitened> Snapshot() { return whitening_->Snapshot(); }

  skalar::Whitening& whitening() { return *whitening_; }
  void ReportMemory() { external_memory_.Report(whitening_->memory()); }

 private:
  void Put(const Napi::CallbackInfo& info);
  void Remove(const Napi::CallbackInfo& info);
  Napi::Value Waiting(const Napi::CallbackInfo& info);
  Napi::Value Advance(const Napi::CallbackInfo& info);
  Napi::Value AdvanceSync(const Napi::CallbackInfo& info);
  Napi::Value Memory(const Napi::CallbackInfo& info);

  std::unique_ptr<skalar::Whitening> whitening_;
  ExternalMemory external_memory_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_WHITENING_H_
