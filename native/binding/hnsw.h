// The graph of one space as JavaScript sees it (src/native.ts: NativeHnsw).

#ifndef SKALAR_BINDING_HNSW_H_
#define SKALAR_BINDING_HNSW_H_

#include <napi.h>

#include "binding/external_memory.h"
#include "binding/function.h"
#include "hnsw/index.h"

namespace skalar::binding {

class Hnsw : public Wrapped<Hnsw> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Hnsw(const Napi::CallbackInfo& info);

  const hnsw::Index& index() const { return index_; }

 private:
  void Put(const Napi::CallbackInfo& info);
  void Remove(const Napi::CallbackInfo& info);
  Napi::Value Nodes(const Napi::CallbackInfo& info);
  Napi::Value Alive(const Napi::CallbackInfo& info);
  Napi::Value Waiting(const Napi::CallbackInfo& info);
  Napi::Value MostCandidates(const Napi::CallbackInfo& info);
  Napi::Value Codes(const Napi::CallbackInfo& info);
  Napi::Value Undecided(const Napi::CallbackInfo& info);
  Napi::Value Choose(const Napi::CallbackInfo& info);
  Napi::Value Build(const Napi::CallbackInfo& info);
  Napi::Value Scattered(const Napi::CallbackInfo& info);
  Napi::Value Renumber(const Napi::CallbackInfo& info);
  Napi::Value Check(const Napi::CallbackInfo& info);
  Napi::Value Search(const Napi::CallbackInfo& info);
  Napi::Value SearchSync(const Napi::CallbackInfo& info);
  Napi::Value Open(const Napi::CallbackInfo& info);
  Napi::Value Weigh(const Napi::CallbackInfo& info);
  Napi::Value WeighSync(const Napi::CallbackInfo& info);
  Napi::Value Live(const Napi::CallbackInfo& info);
  Napi::Value Memory(const Napi::CallbackInfo& info);

  friend class BuildOperation;
  friend class CheckOperation;
  friend class ChoiceOperation;
  friend class RenumberOperation;

  hnsw::Index index_;
  ExternalMemory external_memory_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_HNSW_H_
