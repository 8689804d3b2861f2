// What a support-vector machine says of vectors, one class against one: for each pair of classes
//   f(x) = sum of w_s k(s, x) over the support vectors s of both, - rho.
// C.-C. Chang and C.-J. Lin, "LIBSVM: a library for support vector machines", 2011, section 4.1.

#ifndef SKALAR_SCORE_DECISIONS_H_
#define SKALAR_SCORE_DECISIONS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/abort.h"
#include "base/aligned.h"
#include "base/status.h"
#include "score/formula.h"
#include "score/panels.h"
#include "score/similarities.h"

namespace skalar {

struct Machine {
  // Those of class 0 first, then of class 1, and so on.
  Matrix<double> supports;
  size_t classes;  // at least 2
  // For each class the number of the support behind its last one; ascending to supports.rows.
  const uint32_t* ends;
  // (classes - 1) x supports. Of a support of class c, row t has its weight against class t where
  // t < c, else against class t + 1.
  const double* weights;
  // rho of the pairs (0, 1), (0, 2) ... (1, 2) ...
  const double* offsets;

  size_t pairs() const { return classes * (classes - 1) / 2; }
};

// Decision values of all pairs of classes for some vectors, in float64. Kernels are symmetric: the
// supports are on the left, where each is packed once, so that for one vector as for many they are
// read once. The last worker to be done with the kernels sums them: that is classes - 1
// multiplications for each, of as many as a vector has components and more that the kernel took.
//
// Thread safety: Work() may be called from any number of threads, once each; what is constructed of
// must not change meanwhile.
class Decisions {
 public:
  // `results` has pairs x vectors.rows elements, row by row. Requires: finite elements, and at
  // least one vector, of as many columns as the supports. Work() is to be called Workers() times,
  // which is at most `workers`.
  Decisions(const Machine& machine, const Matrix<double>& vectors, const Formula& formula,
            double* results, size_t workers, AbortFlag abort);

  size_t Workers() const { return workers_; }

  // Does its share.
  void Work();

  // After all calls of Work().
  Status Finish() const;

 private:
  void Sum();

  const Machine machine_;
  const size_t vectors_;
  double* const results_;
  // supports x vectors; null where there is no memory for it.
  const AlignedArray<double> values_;
  Similarities<double> kernels_;
  const size_t workers_;
  // Workers that are not done.
  std::atomic<size_t> left_;
};

}  // namespace skalar

#endif  // SKALAR_SCORE_DECISIONS_H_
