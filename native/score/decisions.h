// What a support-vector machine says of vectors, one class against one: for each pair of classes
//   f(x) = sum of w_s k(s, x) over the support vectors s of both, - rho.
// C.-C. Chang and C.-J. Lin, "LIBSVM: a library for support vector machines", 2011, section 4.1.
//
// Kernels are computed as Similarities<double> computes them (score/similarities.h): of the same
// sums in the same order, so that decisions agree bit for bit on every target, for any number of
// threads, and for any number of vectors in a call. Vectors are scaled where a kernel is of
// products; differences are taken as they are, and where their sum is beyond float64 the vector is
// infinitely far.

#ifndef SKALAR_SCORE_DECISIONS_H_
#define SKALAR_SCORE_DECISIONS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/abort.h"
#include "base/aligned.h"
#include "base/status.h"
#include "score/kernel_machine.h"
#include "score/panels.h"

namespace skalar {

// Decision values of all pairs of classes for some vectors, in float64. The last worker to be done
// with the kernels sums them: that is classes - 1 multiplications for each, of as many as a vector
// has components and more that the kernel took.
//
// Thread safety: Work() may be called from any number of threads, once each; what is constructed of
// must not change meanwhile.
class Decisions {
 public:
  // `supports` are what machine.Pack() takes. `results` has pairs x vectors.rows elements, row by
  // row. Requires: finite elements, and at least one vector, of as many columns as the machine.
  // Work() is to be called Workers() times, which is at most `workers`, at least 1.
  Decisions(KernelMachine* machine, const float* supports, const Matrix<double>& vectors,
            double* results, size_t workers, AbortFlag abort);

  size_t Workers() const { return workers_; }

  // Does its share.
  void Work();

  // After all calls of Work().
  Status Finish() const;

 private:
  struct Buffers;

  // Computes the kernels of some vectors and some panels; false when it was told to stop.
  bool Run(size_t task, Buffers* buffers);
  void PackVectors(size_t first, size_t count, size_t begin, size_t depth, Buffers* buffers) const;
  void Multiply(size_t panel, size_t begin, size_t depth, size_t count, double* sums,
                const Buffers& buffers) const;
  // How many tiles `count` vectors are multiplied in: the last may be filled by half; what are less
  // are multiplied one by one. And the rows of sums of both.
  size_t TilesOf(size_t count) const;
  size_t RowsOf(size_t count) const;
  void Sum();

  KernelMachine& machine_;
  const float* const supports_;
  const Matrix<double> vectors_;
  double* const results_;
  const AbortFlag abort_;
  const simd::WideningKernels& tiles_;
  // supports x vectors; null where there is no memory for it.
  const AlignedArray<double> values_;

  // Vectors of a task, in how many blocks there are of them, and panels of a task.
  const size_t block_rows_;
  const size_t row_blocks_;
  const size_t block_panels_;
  const size_t tasks_;
  const size_t workers_;

  std::atomic<size_t> next_task_{0};
  std::atomic<size_t> done_{0};
  // Workers that are not.
  std::atomic<size_t> left_;
};

}  // namespace skalar

#endif  // SKALAR_SCORE_DECISIONS_H_
