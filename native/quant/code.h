// 8-bit codes of rotated unit vectors, and queries to multiply them with.
//
// Vectors are padded with zeros to CodeBytes() components before they are rotated: the more
// components a vector is spread over, the more of their rounding errors cancel.
//
// A code is one byte for each component: c = 64 + round(x / step), within 1..127, where the step is
// the vector's own. It stands for x̃ = scale · (c − 64), and scale is the one that makes |x − x̃|
// least.
//
// A query is one signed byte for each component, within ±127, and stands for scale · q. Then
//   x̃ · q̃ = code.scale · query.scale · (Σ cᵢqᵢ − offset),  offset = 64 Σ qᵢ.

#ifndef SKALAR_QUANT_CODE_H_
#define SKALAR_QUANT_CODE_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned.h"

namespace skalar {

// Bytes of a code, and of a query: the dimension rounded up to simd::kCodeLanes.
size_t CodeBytes(size_t dimension);

// Writes the code of `vector[0, n)` and returns its scale; 0 for a zero vector.
float Encode(const float* vector, size_t n, uint8_t* code);

// |x − x̃| of a vector and its code with that scale.
float CodeError(const float* vector, size_t n, const uint8_t* code, float scale);

struct CodeQuery {
  AlignedArray<int8_t> bytes;
  int32_t offset = 0;
  float scale = 0;
};

// Sets a query, whose bytes are allocated, from a rotated vector.
void EncodeQuery(const float* vector, size_t n, CodeQuery* query);

// |q − q̃| of a rotated vector and the query made of it.
float QueryError(const float* vector, size_t n, const CodeQuery& query);

// Sets a query that stands for what a code stands for, up to the code's scale.
void QueryOfCode(const uint8_t* code, size_t n, CodeQuery* query);

}  // namespace skalar

#endif  // SKALAR_QUANT_CODE_H_
