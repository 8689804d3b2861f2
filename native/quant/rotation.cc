#include "quant/rotation.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/random.h"

namespace skalar {
namespace {

// One transform of all components mixes those of a vector that has many. Where transforms overlap,
// or a vector of few components was padded, it takes more.
size_t RoundsFor(size_t dimension) {
  return std::has_single_bit(dimension) && dimension >= 256 ? 1 : 3;
}

// Two levels of the transform at once, so that memory is passed over half as often: of components
// that lie `width` and 2 · `width` apart. Requires: n is a multiple of 4 · `width`.
void TwoLevels(float* values, size_t n, size_t width) {
  for (size_t begin = 0; begin < n; begin += 4 * width) {
    float* const p = values + begin;
    for (size_t i = 0; i < width; ++i) {
      const float a = p[i] + p[width + i];
      const float b = p[i] - p[width + i];
      const float c = p[2 * width + i] + p[3 * width + i];
      const float d = p[2 * width + i] - p[3 * width + i];
      p[i] = a + c;
      p[width + i] = b + d;
      p[2 * width + i] = a - c;
      p[3 * width + i] = b - d;
    }
  }
}

// In place, without the factor 1 / √n. Requires: n is a power of two.
void WalshHadamard(float* values, size_t n) {
  size_t width = 1;
  for (; 4 * width <= n; width *= 4) TwoLevels(values, n, width);
  if (width == n) return;
  for (size_t i = 0; i < width; ++i) {
    const float a = values[i];
    const float b = values[width + i];
    values[i] = a + b;
    values[width + i] = a - b;
  }
}

}  // namespace

Rotation::Rotation(size_t dimension) : dimension_(dimension), block_(std::bit_floor(dimension)) {
  SplitMix random(dimension);
  const float factor = 1 / std::sqrt(static_cast<float>(block_));
  signs_.resize(RoundsFor(dimension) * dimension);
  for (float& sign : signs_) sign = random.Next() >> 63 ? factor : -factor;
}

void Rotation::Apply(float* vector) const {
  const float factor = 1 / std::sqrt(static_cast<float>(block_));
  for (size_t round = 0; round < RoundsFor(dimension_); ++round) {
    const float* signs = signs_.data() + round * dimension_;
    // The factor of the first transform goes along with the signs.
    for (size_t i = 0; i < block_; ++i) vector[i] *= signs[i];
    WalshHadamard(vector, block_);
    if (block_ == dimension_) continue;
    float* last = vector + (dimension_ - block_);
    for (size_t i = block_; i < dimension_; ++i) vector[i] *= signs[i];
    for (float* value = last; value < vector + block_; ++value) *value *= factor;
    WalshHadamard(last, block_);
  }
}

}  // namespace skalar
