// A fixed random rotation. It spreads what a vector has in few components over all of them, so that
// codes with one step for all components lose little on any data, without training.
//
// Rounds of random signs and a fast Walsh–Hadamard transform; where the dimension is no power of
// two, two transforms that overlap, so that nothing is padded (the sizes of SRHT in RaBitQ's
// library are padded; the idea of overlapping blocks is that of "kac" rotations there,
// arXiv 2405.12497).
//
// Thread safety: immutable.

#ifndef SKALAR_QUANT_ROTATION_H_
#define SKALAR_QUANT_ROTATION_H_

#include <cstddef>
#include <vector>

namespace skalar {

class Rotation {
 public:
  // The same for the same dimension, on every machine: codes on disk depend on it.
  explicit Rotation(size_t dimension);

  size_t dimension() const { return dimension_; }

  // Rotates `vector[0, dimension)` in place. Lengths and dot products stay, within rounding.
  void Apply(float* vector) const;

 private:
  // Constant after construction.
  const size_t dimension_;
  const size_t block_;        // the largest power of two that is not above the dimension
  std::vector<float> signs_;  // rounds × dimension, each ±1 / √block
};

}  // namespace skalar

#endif  // SKALAR_QUANT_ROTATION_H_
