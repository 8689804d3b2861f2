#include "score/similarities.h"

#include <algorithm>
#include <cmath>

#include "base/aligned.h"

namespace skalar {

namespace {

// A block of results and its left panels stay in the second-level cache, right panels of all
// columns in the third.
constexpr size_t kMostBlockRows = 112;
constexpr size_t kMostBlockColumns = 1024;
constexpr size_t kRightBytes = size_t{4} << 20;
// Left blocks that share right panels, once packed: packing costs a thousandth of their use then.
constexpr size_t kMostTaskBlocks = 12;
// Tasks for each worker, so that none waits long for the last.
constexpr size_t kTasksEach = 4;

size_t DivideUp(size_t a, size_t b) { return (a + b - 1) / b; }

size_t RoundUp(size_t a, size_t unit) { return DivideUp(a, unit) * unit; }

template <class Element>
size_t BlockColumns(const Matrix<Element>& right, size_t unit) {
  const size_t fit = kRightBytes / sizeof(Element) / right.columns;
  const size_t most = std::max(std::min(fit, kMostBlockColumns) / unit, size_t{1}) * unit;
  return std::min(most, RoundUp(right.rows, unit));
}

template <class Element>
double CommonScale(Measure measure, const Matrix<Element>& left, const Matrix<Element>& right) {
  if (IsOfProducts(measure)) return 0;
  return ScaleOf(std::max(LargestOf(left.data, left.rows * left.columns),
                          LargestOf(right.data, right.rows * right.columns)));
}

template <class Element>
const simd::TileKernels<Element>& ActiveTiles() {
  if constexpr (sizeof(Element) == sizeof(float)) {
    return simd::Active().floats;
  } else {
    return simd::Active().doubles;
  }
}

}  // namespace

// Of one worker. Panels of a depth lie side by side; those of the right have all depths, one behind
// the other.
template <class Element>
struct Similarities<Element>::Buffers {
  AlignedArray<Element> left;
  AlignedArray<Element> right;
  AlignedArray<Element> sums;
  AlignedArray<Factor> left_factors;
  AlignedArray<Factor> right_factors;
  AlignedArray<Element> squares;

  bool complete() const {
    return left && right && sums && left_factors && right_factors && squares;
  }
};

template <class Element>
Similarities<Element>::Similarities(const Matrix<Element>& left, const Matrix<Element>& right,
                                    const Formula& formula, Element* results, size_t workers,
                                    AbortFlag abort, std::atomic<int32_t>* progress)
    : left_(left),
      right_(right),
      formula_(formula),
      results_(results),
      abort_(abort),
      progress_(progress),
      tiles_(ActiveTiles<Element>()),
      kernel_(KernelOf(formula.measure, tiles_)),
      common_scale_(CommonScale(formula.measure, left, right)),
      block_rows_(
          std::min(kMostBlockRows / tiles_.rows * tiles_.rows, RoundUp(left.rows, tiles_.rows))),
      block_columns_(BlockColumns(right, tiles_.columns)),
      column_blocks_(DivideUp(right.rows, block_columns_)),
      task_blocks_(std::clamp(DivideUp(left.rows, block_rows_) * column_blocks_ /
                                  (kTasksEach * std::max(workers, size_t{1})),
                              size_t{1}, kMostTaskBlocks)),
      tasks_(column_blocks_ * DivideUp(left.rows, block_rows_ * task_blocks_)) {}

template <class Element>
void Similarities<Element>::Work() {
  Buffers buffers;
  buffers.left = AllocateAligned<Element>(block_rows_ / tiles_.rows * tiles_.left_stride * kDepth);
  buffers.right = AllocateHuge<Element>(block_columns_ * right_.columns);
  buffers.sums = AllocateAligned<Element>(block_rows_ * block_columns_);
  buffers.left_factors = AllocateAligned<Factor>(block_rows_);
  buffers.right_factors = AllocateAligned<Factor>(block_columns_);
  buffers.squares = AllocateAligned<Element>(
      std::max(block_rows_ / tiles_.rows * tiles_.left_stride, block_columns_));
  // Others may have theirs; Finish() sees whether somebody has.
  if (!buffers.complete()) return;
  for (;;) {
    const size_t task = next_task_.fetch_add(1);
    if (task >= tasks_ || aborted_) return;
    Run(task, &buffers);
  }
}

template <class Element>
Status Similarities<Element>::Finish() const {
  if (aborted_) return Status::Aborted();
  if (done_ == left_.rows * right_.rows) return Status::Ok();
  return Status::OutOfMemory("there is no memory for the panels of a matrix product");
}

// Tasks of one column block follow each other.
template <class Element>
void Similarities<Element>::Run(size_t task, Buffers* buffers) {
  const size_t tasks_of_block = tasks_ / column_blocks_;
  const size_t first_column = task / tasks_of_block * block_columns_;
  const size_t columns = std::min(block_columns_, right_.rows - first_column);
  const size_t first_row = task % tasks_of_block * task_blocks_ * block_rows_;
  const size_t end = std::min(first_row + task_blocks_ * block_rows_, left_.rows);
  PackRight(first_column, columns, buffers);
  for (size_t row = first_row; row < end; row += block_rows_) {
    const size_t rows = std::min(block_rows_, end - row);
    if (!ScoreBlock(row, rows, first_column, columns, buffers)) {
      aborted_ = true;
      return;
    }
    Report(rows * columns);
  }
}

template <class Element>
double Similarities<Element>::ScaleOfRow(const Element* row) const {
  return common_scale_ != 0 ? common_scale_ : ScaleOf(LargestOf(row, left_.columns));
}

template <class Element>
void Similarities<Element>::PackRight(size_t first, size_t count, Buffers* buffers) const {
  const size_t width = tiles_.columns;
  const size_t padded = RoundUp(count, width);
  for (size_t j = 0; j < count; ++j) {
    buffers->right_factors[j] = {.scale = ScaleOfRow(right_.row(first + j))};
  }
  std::fill_n(buffers->squares.get(), padded, Element{0});
  for (size_t begin = 0; begin < right_.columns; begin += kDepth) {
    const size_t depth = std::min(kDepth, right_.columns - begin);
    Element* panel = buffers->right.get() + begin * padded;
    for (size_t j = 0; j < padded; j += width, panel += width * depth) {
      const size_t used = std::min(width, count - j);
      for (size_t i = 0; i < used; ++i) {
        const auto factor = static_cast<Element>(1 / buffers->right_factors[j + i].scale);
        PackRow(right_, first + j + i, begin, depth, factor, i, width, panel);
      }
      PadPanel(depth, used, width, panel);
      if (formula_.measure == Measure::kCosine) {
        tiles_.own_products(panel, width, depth, buffers->squares.get() + j);
      }
    }
  }
  if (formula_.measure != Measure::kCosine) return;
  for (size_t j = 0; j < count; ++j) {
    Factor& factor = buffers->right_factors[j];
    factor = DirectedFactor(factor.scale, static_cast<double>(buffers->squares[j]));
  }
}

template <class Element>
bool Similarities<Element>::ScoreBlock(size_t first_row, size_t rows, size_t first_column,
                                       size_t columns, Buffers* buffers) {
  const size_t height = tiles_.rows;
  const size_t width = tiles_.columns;
  const size_t padded_rows = RoundUp(rows, height);
  const size_t padded_columns = RoundUp(columns, width);
  Element* sums = buffers->sums.get();
  std::fill_n(sums, padded_rows * padded_columns, Element{0});
  std::fill_n(buffers->squares.get(), padded_rows / height * tiles_.left_stride, Element{0});
  for (size_t i = 0; i < rows; ++i) {
    buffers->left_factors[i] = {.scale = ScaleOfRow(left_.row(first_row + i))};
  }
  for (size_t begin = 0; begin < left_.columns; begin += kDepth) {
    const size_t depth = std::min(kDepth, left_.columns - begin);
    PackLeft(first_row, rows, begin, depth, buffers);
    const Element* right = buffers->right.get() + begin * padded_columns;
    for (size_t j = 0; j < padded_columns; j += width, right += width * depth) {
      if (IsStopped(abort_)) return false;
      const Element* left = buffers->left.get();
      for (size_t i = 0; i < padded_rows; i += height, left += tiles_.left_stride * depth) {
        kernel_(left, right, depth, sums + i * padded_columns + j, padded_columns);
      }
    }
  }
  for (size_t i = 0; i < rows; ++i) {
    Factor factor = buffers->left_factors[i];
    if (formula_.measure == Measure::kCosine) {
      const size_t place = i / height * tiles_.left_stride + i % height;
      factor = DirectedFactor(factor.scale, static_cast<double>(buffers->squares[place]));
    }
    Apply(formula_, factor, buffers->right_factors.get(), sums + i * padded_columns, columns,
          results_ + (first_row + i) * right_.rows + first_column);
  }
  return true;
}

template <class Element>
void Similarities<Element>::PackLeft(size_t first, size_t count, size_t begin, size_t depth,
                                     Buffers* buffers) const {
  const size_t stride = tiles_.left_stride;
  Element* panel = buffers->left.get();
  Element* squares = buffers->squares.get();
  for (size_t i = 0; i < count; i += tiles_.rows, panel += stride * depth, squares += stride) {
    const size_t used = std::min(tiles_.rows, count - i);
    for (size_t r = 0; r < used; ++r) {
      const auto factor = static_cast<Element>(1 / buffers->left_factors[i + r].scale);
      PackRow(left_, first + i + r, begin, depth, factor, r, stride, panel);
    }
    PadPanel(depth, used, stride, panel);
    if (formula_.measure == Measure::kCosine) tiles_.own_products(panel, stride, depth, squares);
  }
}

template <class Element>
void Similarities<Element>::Report(size_t pairs) {
  const size_t done = done_.fetch_add(pairs) + pairs;
  if (progress_ == nullptr) return;
  const double share = static_cast<double>(done) / static_cast<double>(left_.rows) /
                       static_cast<double>(right_.rows);
  progress_->store(static_cast<int32_t>(share * 1000), std::memory_order_relaxed);
}

template class Similarities<float>;
template class Similarities<double>;

}  // namespace skalar
