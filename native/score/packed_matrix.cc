#include "score/packed_matrix.h"

#include <algorithm>

#include "score/panels.h"
#include "score/similarities.h"

namespace skalar {
namespace {

size_t RoundUp(size_t a, size_t unit) { return (a + unit - 1) / unit * unit; }

}  // namespace

PackedMatrix::PackedMatrix(const double* elements, size_t size, bool lower)
    : tiles_(simd::Active().doubles),
      size_(size),
      stride_(RoundUp(size, tiles_.columns)),
      lower_(lower),
      panels_(NewAligned<double>(stride_ * size)) {
  const size_t width = tiles_.columns;
  double* panel = panels_.get();
  for (size_t begin = 0; begin < size; begin += kDepth) {
    const size_t depth = std::min(kDepth, size - begin);
    for (size_t column = 0; column < stride_; column += width, panel += width * depth) {
      const size_t used = std::min(width, size - column);
      for (size_t k = 0; k < depth; ++k) {
        std::copy_n(elements + (begin + k) * size + column, used, panel + k * width);
      }
      PadPanel(depth, used, width, panel);
    }
  }
}

void PackedMatrix::Multiply(const double* vectors, size_t count,
                            std::vector<double>* products) const {
  const size_t height = tiles_.rows;
  const size_t width = tiles_.columns;
  const size_t padded = RoundUp(count, height);
  const Matrix<double> left = {vectors, count, size_};
  products->assign(padded * stride_, 0);
  const auto packed = NewAligned<double>(padded / height * tiles_.left_stride * kDepth);
  for (size_t begin = 0; begin < size_; begin += kDepth) {
    const size_t depth = std::min(kDepth, size_ - begin);
    double* panel = packed.get();
    for (size_t i = 0; i < count; i += height, panel += tiles_.left_stride * depth) {
      const size_t used = std::min(height, count - i);
      for (size_t r = 0; r < used; ++r) {
        PackRow(left, i + r, begin, depth, 1.0, r, tiles_.left_stride, panel);
      }
      PadPanel(depth, used, tiles_.left_stride, panel);
    }
    // Of a lower matrix these rows have nothing in columns behind their last.
    const size_t columns = lower_ ? std::min(RoundUp(begin + depth, width), stride_) : stride_;
    const double* right = panels_.get() + begin * stride_;
    for (size_t j = 0; j < columns; j += width, right += width * depth) {
      panel = packed.get();
      for (size_t i = 0; i < padded; i += height, panel += tiles_.left_stride * depth) {
        tiles_.products(panel, right, depth, products->data() + i * stride_ + j, stride_);
      }
    }
  }
}

}  // namespace skalar
