// Codes of vectors, and queries to multiply them with.
//
// A code is what a graph keeps of a vector to rank it by, in one of three formats:
//   float32  the vector itself, padded with zeros to whole kernel lanes
//   int8     8 bits a component, in two planes of 4 bits: an upper and a lower one
//   int4     the upper plane alone
// What a walk through the graph reads of it lies in one array, the **code**: the vector, or the
// upper plane. The lower plane lies apart: it is for the few candidates that a walk leaves.
//
// Planes are of rotated vectors. Vectors are padded with zeros to components() before they are
// rotated: the more components a vector is spread over, the more of their rounding errors cancel.
// A component x becomes c = 127 + round(x / step), within 0..254, where the step is 127th part of
// kRange standard deviations of the vector's components. The upper plane has the upper four bits of
// c, the lower plane the others. With those scales that make |x − x̃| least,
//   x̃ of both planes      scales.whole · (c − 127)
//   x̃ of the upper one    scales.code · (2 ⌊c / 16⌋ − 15).
// A plane packs blocks of 128 components into 64 bytes: byte j of a block has component j in its
// lower half, and component 64 + j in its upper half (simd/kernels.h).
//
// A query for planes is one signed byte for each component, within ±127, and stands for scale · q.
// With the integer products P of its bytes and a plane,
//   x̃ · q̃ = scales.whole · scale · (16 P_upper + P_lower − 127 Σq)
//   x̃ · q̃ = scales.code · scale · (2 P_upper − 15 Σq).
// All of it is exact in integers, so that targets agree.

#ifndef SKALAR_QUANT_CODE_H_
#define SKALAR_QUANT_CODE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/aligned.h"
#include "quant/rotation.h"

namespace skalar {

// Never to change: the numbers are in files, and cross Node-API (src/native.ts).
enum class Codes : uint32_t { kFloat32 = 0, kInt8 = 1, kInt4 = 2 };

// How the vectors of one dimension become codes. Cheap to copy; thread-safe.
class CodeFormat {
 public:
  CodeFormat(Codes codes, size_t dimension);

  Codes codes() const { return codes_; }
  bool planes() const { return codes_ != Codes::kFloat32; }
  bool has_lower() const { return codes_ == Codes::kInt8; }
  // Numbers of a vector once it is prepared, and of a query.
  size_t components() const { return components_; }
  // Of a code, in whole cache lines; and of a lower plane.
  size_t code_bytes() const { return planes() ? components_ / 2 : components_ * sizeof(float); }
  size_t lower_bytes() const { return has_lower() ? components_ / 2 : 0; }

  // Makes of a vector of the dimension, which has been written to the beginning of `prepared`, what
  // codes and queries are made of: padded, and rotated.
  void Prepare(float* prepared) const;

 private:
  Codes codes_;
  size_t dimension_;
  size_t components_;
  std::shared_ptr<const Rotation> rotation_;  // null without planes
};

// Of a code alone, and of all there is.
struct CodePair {
  float whole;
  float code;
};

struct CodeNumbers {
  CodePair scales;  // 0 for a zero vector
  CodePair errors;  // |x − x̃| with those scales
};

// Writes the code of a prepared vector; `lower` is not looked at where the format has none.
CodeNumbers Encode(const CodeFormat& format, const float* prepared, uint8_t* code, uint8_t* lower);

// A query, multiplied with codes of one format. Products are to be multiplied with the scales of
// query and code.
//
// Thread safety: const methods may be called from any thread.
class CodeQuery {
 public:
  explicit CodeQuery(const CodeFormat& format);

  // Stands for a prepared vector.
  void SetVector(const float* prepared);
  // Stands for what a code stands for, up to the scale of all there is of it.
  void SetCode(const uint8_t* code, const uint8_t* lower);

  float scale() const { return scale_; }
  // |q − q̃| of the prepared vector that was set. Requires: planes.
  float Error(const float* prepared) const;

  // Products with codes, which should be on their way to the cache.
  void Multiply(const uint8_t* const* codes, size_t count, float* products) const;
  // The same of codes that lie one behind the other. Requires: planes.
  void MultiplyRows(const uint8_t* codes, size_t count, float* products) const;
  // Products with all there is: codes, and lower planes where the format has them.
  void MultiplyWhole(const uint8_t* const* codes, const uint8_t* const* lowers, size_t count,
                     float* products) const;

 private:
  // What products with upper planes, or with both, come to without their offsets. Within 32 bits
  // for 65,535 components.
  int32_t OfUpper(int32_t product) const { return 2 * product - 15 * sum_; }
  int32_t OfBoth(int32_t upper, int32_t lower) const { return 16 * upper + lower - 127 * sum_; }

  const size_t components_;
  const bool has_lower_;
  AlignedArray<float> floats_;  // null for planes
  AlignedArray<int8_t> bytes_;  // null without
  int32_t sum_ = 0;             // of the bytes
  float scale_ = 0;
};

}  // namespace skalar

#endif  // SKALAR_QUANT_CODE_H_
