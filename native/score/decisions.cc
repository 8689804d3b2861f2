#include "score/decisions.h"

#include <algorithm>

namespace skalar {

namespace {

// Of classes i < j.
size_t PairOf(size_t i, size_t j, size_t classes) {
  return i * (2 * classes - i - 1) / 2 + j - i - 1;
}

}  // namespace

Decisions::Decisions(const Machine& machine, const Matrix<double>& vectors, const Formula& formula,
                     double* results, size_t workers, AbortFlag abort)
    : machine_(machine),
      vectors_(vectors.rows),
      results_(results),
      values_(AllocateHuge<double>(machine.supports.rows * vectors.rows)),
      kernels_(machine.supports, vectors, formula, values_.get(), workers, abort, nullptr),
      workers_(std::clamp(workers, size_t{1}, kernels_.Parallelism())),
      left_(workers_) {}

void Decisions::Work() {
  if (values_ != nullptr) kernels_.Work();
  if (left_.fetch_sub(1) == 1 && Finish().ok()) Sum();
}

Status Decisions::Finish() const {
  if (values_ == nullptr) return Status::OutOfMemory("there is no memory for the kernel's values");
  return kernels_.Finish();
}

// A kernel's values for all vectors stay in the first-level cache while they are added to the sums
// of their support's pairs. The order of additions is that of the supports, whatever the threads.
void Decisions::Sum() {
  const auto [supports, classes, ends, weights, offsets] = machine_;
  for (size_t pair = 0; pair < machine_.pairs(); ++pair) {
    std::fill_n(results_ + pair * vectors_, vectors_, -offsets[pair]);
  }
  size_t s = 0;
  for (size_t c = 0; c < classes; ++c) {
    for (; s < ends[c]; ++s) {
      const double* values = values_.get() + s * vectors_;
      for (size_t t = 0; t + 1 < classes; ++t) {
        const double weight = weights[t * supports.rows + s];
        if (weight == 0) continue;
        const size_t pair = t < c ? PairOf(t, c, classes) : PairOf(c, t + 1, classes);
        double* sums = results_ + pair * vectors_;
        for (size_t j = 0; j < vectors_; ++j) sums[j] += weight * values[j];
      }
    }
  }
}

}  // namespace skalar
