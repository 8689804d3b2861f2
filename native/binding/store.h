// new Store(dimension, generation or null): the vectors of a space and the ids of its records, as
// JavaScript sees them.
//
// A worker thread may be terminated at any moment, also in the middle of a method: from then on
// nothing can be made on the JavaScript side, and typed arrays come out empty.

#ifndef SKALAR_BINDING_STORE_H_
#define SKALAR_BINDING_STORE_H_

#include <napi.h>

#include <vector>

#include "binding/external_memory.h"
#include "binding/function.h"
#include "score/query.h"
#include "store/id_column.h"
#include "store/vector_store.h"

namespace skalar::binding {

class Store : public Wrapped<Store> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Store(const Napi::CallbackInfo& info);

  const VectorStore& vectors() const { return vectors_; }
  const IdColumn& ids() const { return ids_; }

  // Answers as one Float64Array (layout: src/engine/answers.ts), and ids that are strings in
  // `texts`, each at the number of its hit. `stale` says that a slot among the hits has changed
  // after the log position `since`. In place of a new array it is `room`, a Float64Array, when that
  // is given and large enough.
  Napi::Value ToNumbers(Napi::Env env, const std::vector<Hits>& answers, uint64_t since,
                        Napi::Array texts, Napi::Value room = {}) const;

 private:
  void Put(const Napi::CallbackInfo& info);
  void Remove(const Napi::CallbackInfo& info);
  void SetIds(const Napi::CallbackInfo& info);
  Napi::Value Vector(const Napi::CallbackInfo& info);
  void AddVectors(const Napi::CallbackInfo& info);
  Napi::Value Scores(const Napi::CallbackInfo& info);
  Napi::Value Scan(const Napi::CallbackInfo& info);
  Napi::Value ScanSync(const Napi::CallbackInfo& info);
  Napi::Value Attend(const Napi::CallbackInfo& info);
  Napi::Value AttendSync(const Napi::CallbackInfo& info);
  Napi::Value Diversify(const Napi::CallbackInfo& info);
  Napi::Value DiversifySync(const Napi::CallbackInfo& info);
  Napi::Value Memory(const Napi::CallbackInfo& info);
  Napi::Value Live(const Napi::CallbackInfo& info);
  Napi::Value Damaged(const Napi::CallbackInfo& info);
  Napi::Value Spread(const Napi::CallbackInfo& info);

  VectorStore vectors_;
  IdColumn ids_;
  ExternalMemory external_memory_;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_STORE_H_
