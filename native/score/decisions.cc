#include "score/decisions.h"

#include <algorithm>

#include "score/formula.h"
#include "score/similarities.h"

namespace skalar {

namespace {

// Vectors of a task, which stay in the second-level cache, kDepth components of each; and panels
// that they are multiplied with, once packed.
constexpr size_t kMostBlockRows = 112;
constexpr size_t kMostBlockPanels = 4;
// Tasks for each worker, so that none waits long for the last.
constexpr size_t kTasksEach = 4;

// Kernels that are added to all sums of their class before the next: 32 KB of them.
constexpr size_t kSummedAtOnce = 4096;

size_t DivideUp(size_t a, size_t b) { return (a + b - 1) / b; }

// Huge pages take longer to get than few values to compute.
AlignedArray<double> AllocateValues(size_t count) {
  const bool is_large = count * sizeof(double) >= kHugePage;
  return is_large ? AllocateHuge<double>(count) : AllocateAligned<double>(count);
}

// Of classes i < j.
size_t PairOf(size_t i, size_t j, size_t classes) {
  return i * (2 * classes - i - 1) / 2 + j - i - 1;
}

simd::WideningKernels::Kernel KernelOf(Measure measure, const simd::WideningKernels::Sums& sums) {
  if (IsOfProducts(measure)) return sums.products;
  return measure == Measure::kLaplacian ? sums.absolutes : sums.squares;
}

}  // namespace

// Of one worker.
struct Decisions::Buffers {
  // kDepth components of the vectors: of those in whole tiles as panels, then of each other one.
  AlignedArray<double> left;
  AlignedArray<double> sums;    // a row for each vector of a task, of all supports of its panels
  AlignedArray<double> values;  // of one vector
  AlignedArray<Factor> left_factors;
  AlignedArray<Factor> right_factors;

  bool complete() const { return left && sums && values && left_factors && right_factors; }
};

Decisions::Decisions(KernelMachine* machine, const float* supports, const Matrix<double>& vectors,
                     double* results, size_t workers, AbortFlag abort)
    : machine_(*machine),
      supports_(supports),
      vectors_(vectors),
      results_(results),
      abort_(abort),
      tiles_(machine->tiles()),
      values_(AllocateValues(machine->supports() * vectors.rows)),
      block_rows_(std::min(kMostBlockRows / tiles_.rows * tiles_.rows, vectors.rows)),
      row_blocks_(DivideUp(vectors.rows, block_rows_)),
      block_panels_(std::clamp(machine->panels() * row_blocks_ / (kTasksEach * workers), size_t{1},
                               kMostBlockPanels)),
      tasks_(row_blocks_ * DivideUp(machine->panels(), block_panels_)),
      workers_(std::min(workers, tasks_)),
      left_(workers_) {}

void Decisions::Work() {
  const size_t columns = block_panels_ * tiles_.width;
  Buffers buffers;
  buffers.left =
      AllocateAligned<double>((TilesOf(block_rows_) * tiles_.left_stride + block_rows_) * kDepth);
  buffers.sums = AllocateAligned<double>(RowsOf(block_rows_) * columns);
  buffers.values = AllocateAligned<double>(columns);
  buffers.left_factors = AllocateAligned<Factor>(block_rows_);
  buffers.right_factors = AllocateAligned<Factor>(columns);
  // Others may have theirs; Finish() sees whether somebody has.
  if (values_ && buffers.complete() && machine_.Pack(supports_, abort_).ok()) {
    std::fill_n(buffers.right_factors.get(), columns, Factor{});
    for (size_t task; (task = next_task_.fetch_add(1)) < tasks_ && Run(task, &buffers);) ++done_;
  }
  if (left_.fetch_sub(1) == 1 && done_ == tasks_) Sum();
}

Status Decisions::Finish() const {
  if (done_ == tasks_) return Status::Ok();
  if (IsStopped(abort_)) return Status::Aborted();
  return Status::OutOfMemory("there is no memory for the kernel's values");
}

size_t Decisions::TilesOf(size_t count) const {
  return (count + tiles_.rows / 2 - 1) / tiles_.rows;
}

size_t Decisions::RowsOf(size_t count) const {
  return std::max(TilesOf(count) * tiles_.rows, count);
}

bool Decisions::Run(size_t task, Buffers* buffers) {
  const size_t first_row = task % row_blocks_ * block_rows_;
  const size_t rows = std::min(block_rows_, vectors_.rows - first_row);
  const size_t first_panel = task / row_blocks_ * block_panels_;
  const size_t panels = std::min(block_panels_, machine_.panels() - first_panel);
  const size_t stride = block_panels_ * tiles_.width;
  const Formula& formula = machine_.formula();
  for (size_t i = 0; i < rows; ++i) {
    const double* vector = vectors_.row(first_row + i);
    const bool is_scaled = IsOfProducts(formula.measure);
    const double scale = is_scaled ? ScaleOf(LargestOf(vector, vectors_.columns)) : 1;
    buffers->left_factors[i] = {.scale = scale};
  }
  std::fill_n(buffers->sums.get(), RowsOf(rows) * stride, 0.0);
  for (size_t begin = 0; begin < vectors_.columns; begin += kDepth) {
    const size_t depth = std::min(kDepth, vectors_.columns - begin);
    PackVectors(first_row, rows, begin, depth, buffers);
    for (size_t p = 0; p < panels; ++p) {
      if (IsStopped(abort_)) return false;
      Multiply(first_panel + p, begin, depth, rows, buffers->sums.get() + p * tiles_.width,
               *buffers);
    }
  }
  const size_t first_support = first_panel * tiles_.width;
  const size_t supports = std::min(panels * tiles_.width, machine_.supports() - first_support);
  for (size_t i = 0; i < rows; ++i) {
    Apply(formula, buffers->left_factors[i], buffers->right_factors.get(),
          buffers->sums.get() + i * stride, supports, buffers->values.get());
    double* values = values_.get() + first_support * vectors_.rows + first_row + i;
    for (size_t s = 0; s < supports; ++s) values[s * vectors_.rows] = buffers->values[s];
  }
  return true;
}

void Decisions::PackVectors(size_t first, size_t count, size_t begin, size_t depth,
                            Buffers* buffers) const {
  double* panel = buffers->left.get();
  const auto pack = [&](size_t i, size_t at, size_t stride) {
    const double factor = 1 / buffers->left_factors[i].scale;
    PackRow(vectors_, first + i, begin, depth, factor, at, stride, panel);
  };
  const size_t in_tiles = std::min(TilesOf(count) * tiles_.rows, count);
  for (size_t i = 0; i < in_tiles; i += tiles_.rows, panel += tiles_.left_stride * depth) {
    const size_t used = std::min(tiles_.rows, in_tiles - i);
    for (size_t r = 0; r < used; ++r) pack(i + r, r, tiles_.left_stride);
    PadPanel(depth, used, tiles_.left_stride, panel);
  }
  for (size_t i = in_tiles; i < count; ++i, panel += depth) pack(i, 0, 1);
}

// `sums` are those of the first vector with the panel.
void Decisions::Multiply(size_t panel, size_t begin, size_t depth, size_t count, double* sums,
                         const Buffers& buffers) const {
  const Measure measure = machine_.formula().measure;
  const auto tile = KernelOf(measure, tiles_.tile);
  const auto row = KernelOf(measure, tiles_.row);
  const size_t stride = block_panels_ * tiles_.width;
  const size_t tiles = TilesOf(count);
  const size_t tile_size = tiles_.left_stride * depth;
  const float* right = machine_.panel(panel) + begin * tiles_.width;
  for (size_t column = 0; column < tiles_.width && tiles > 0; column += tiles_.columns) {
    const double* left = buffers.left.get();
    for (size_t i = 0; i < tiles; ++i, left += tile_size) {
      tile(left, right + column, depth, sums + i * tiles_.rows * stride + column, stride);
    }
  }
  const double* left = buffers.left.get() + tiles * tile_size;
  for (size_t i = tiles * tiles_.rows; i < count; ++i, left += depth) {
    row(left, right, depth, sums + i * stride, stride);
  }
}

// A class's kernels stay in the first-level cache while they are added to the sums of its pairs.
// The order of additions is that of the supports, whatever the threads.
void Decisions::Sum() {
  const size_t classes = machine_.classes();
  const size_t count = vectors_.rows;
  for (size_t pair = 0; pair < machine_.pairs(); ++pair) {
    std::fill_n(results_ + pair * count, count, -machine_.offsets()[pair]);
  }
  const size_t at_once = DivideUp(kSummedAtOnce, count);
  size_t first = 0;
  for (size_t c = 0; c < classes; ++c) {
    const size_t end = machine_.ends()[c];
    for (size_t next; first < end; first = next) {
      next = std::min(first + at_once, end);
      for (size_t t = 0; t + 1 < classes; ++t) {
        const double* weights = machine_.weights(t);
        const size_t pair = t < c ? PairOf(t, c, classes) : PairOf(c, t + 1, classes);
        double* sums = results_ + pair * count;
        for (size_t s = first; s < next; ++s) {
          if (weights[s] == 0) continue;
          const double* values = values_.get() + s * count;
          for (size_t j = 0; j < count; ++j) sums[j] += weights[s] * values[j];
        }
      }
    }
  }
}

}  // namespace skalar
