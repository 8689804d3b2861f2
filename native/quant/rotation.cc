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

// In place, without the factor 1 / √n. Requires: n is a power of two.
void WalshHadamard(float* values, size_t n) {
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t begin = 0; begin < n; begin += 2 * width) {
      float* low = values + begin;
      float* high = low + width;
      for (size_t i = 0; i < width; ++i) {
        const float a = low[i];
        const float b = high[i];
        low[i] = a + b;
        high[i] = a - b;
      }
    }
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
