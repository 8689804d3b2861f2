// Matrices and formulas as JavaScript passes them.

#ifndef SKALAR_BINDING_MATRICES_H_
#define SKALAR_BINDING_MATRICES_H_

#include <napi.h>

#include "score/formula.h"
#include "score/panels.h"

namespace skalar::binding {

// A typed array of whole rows of `columns`; in place.
template <class Element>
Matrix<Element> MatrixOf(const Napi::Value& value, size_t columns) {
  const auto elements = value.As<Napi::TypedArrayOf<Element>>();
  return {elements.Data(), elements.ElementLength() / columns, columns};
}

// measure: number, parameters: Float64Array of gamma, coef0, degree.
inline Formula FormulaOf(const Napi::Value& measure, const Napi::Value& parameters) {
  const double* numbers = parameters.As<Napi::Float64Array>().Data();
  return {static_cast<Measure>(measure.As<Napi::Number>().Uint32Value()), numbers[0], numbers[1],
          numbers[2]};
}

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_MATRICES_H_
