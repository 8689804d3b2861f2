// new Precision(matrix, factor, exponents): the matrix of a Mahalanobis distance, as JavaScript
// sees it.
//   matrix, factor  Float64Array  C and L (score/precision.h), dimension × dimension
//   exponents       Int32Array    those of S

#ifndef SKALAR_BINDING_PRECISION_H_
#define SKALAR_BINDING_PRECISION_H_

#include <napi.h>

#include <memory>

#include "binding/function.h"
#include "score/precision.h"
#include "score/whitened.h"

namespace skalar::binding {

class Precision : public Wrapped<Precision> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Precision(const Napi::CallbackInfo& info);

  const std::shared_ptr<const skalar::Precision>& shared() const { return precision_; }

 private:
  Napi::Value Memory(const Napi::CallbackInfo& info);

  std::shared_ptr<const skalar::Precision> precision_;
};

// What a scorer needs of it, where a value is a Precision; null where it is null.
std::shared_ptr<const Whitened> ReadPrecision(const Napi::Value& value);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_PRECISION_H_
