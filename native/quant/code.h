// Codes of rotated vectors, in two planes of 4 bits a component, and queries to multiply them with.
//
// Vectors are padded with zeros to Components() before they are rotated: the more components a
// vector is spread over, the more of their rounding errors cancel.
//
// A component x becomes c = 127 + round(x / step), within 0..254, where the step is 127th part of
// kRange standard deviations of the vector's components. The upper plane has the upper four bits of
// c, the lower plane the others. What walks through the graph need is in the upper plane alone,
// half of the bytes; both together are what few candidates, and exact scans, are judged by:
//   x̃ of both planes      scales.both · (c − 127)
//   x̃ of the upper one    scales.upper · (2 ⌊c / 16⌋ − 15)
// with those scales that make |x − x̃| least.
//
// A plane packs blocks of 128 components into 64 bytes: byte j of a block has component j in its
// lower half, and component 64 + j in its upper half (simd/kernels.h).
//
// A query is one signed byte for each component, within ±127, and stands for scale · q. With the
// integer products P of its bytes and a plane,
//   x̃ · q̃ = scales.both · scale · (16 P_upper + P_lower − 127 Σq)
//   x̃ · q̃ = scales.upper · scale · (2 P_upper − 15 Σq).

#ifndef SKALAR_QUANT_CODE_H_
#define SKALAR_QUANT_CODE_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned.h"

namespace skalar {

// The dimension rounded up to simd::kPlaneLanes.
size_t Components(size_t dimension);

// Bytes of a plane.
inline size_t PlaneBytes(size_t components) { return components / 2; }

// For either way to read a code: its scale, or |x − x̃|.
struct CodePair {
  float both;
  float upper;
};

// Writes the planes of `vector[0, n)` and returns their scales; 0 for a zero vector.
CodePair Encode(const float* vector, size_t n, uint8_t* upper, uint8_t* lower);

// |x − x̃| of a vector and its code with those scales.
CodePair CodeErrors(const float* vector, size_t n, const uint8_t* upper, const uint8_t* lower,
                    const CodePair& scales);

struct CodeQuery {
  AlignedArray<int8_t> bytes;
  int32_t sum = 0;  // of the bytes
  float scale = 0;

  // What a product with the upper plane, or both products, come to without their offsets. Within 32
  // bits for 65,535 components.
  int32_t Upper(int32_t product) const { return 2 * product - 15 * sum; }
  int32_t Both(int32_t upper, int32_t lower) const { return 16 * upper + lower - 127 * sum; }
};

// Sets a query, whose bytes are allocated, from a rotated vector.
void EncodeQuery(const float* vector, size_t n, CodeQuery* query);

// |q − q̃| of a rotated vector and the query made of it.
float QueryError(const float* vector, size_t n, const CodeQuery& query);

// Sets a query that stands for what both planes of a code stand for, up to the code's scale.
void QueryOfCode(const uint8_t* upper, const uint8_t* lower, size_t n, CodeQuery* query);

}  // namespace skalar

#endif  // SKALAR_QUANT_CODE_H_
