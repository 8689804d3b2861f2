// Similarities of many vectors with many, as a product of matrices is computed: in blocks whose
// panels stay in the caches (K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008).
//
// Numbers are summed up in blocks of kDepth, and the sums of blocks in order: so the error of a sum
// of n products is at most (kDepth + n / kDepth) units of rounding of the sum of their absolute
// values, and results agree bit for bit on every target, for any number of threads, and for any
// neighbours.

#ifndef SKALAR_SCORE_SIMILARITIES_H_
#define SKALAR_SCORE_SIMILARITIES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/abort.h"
#include "base/status.h"
#include "score/formula.h"
#include "score/panels.h"
#include "simd/kernels.h"

namespace skalar {

// Never to change, or results do.
inline constexpr size_t kDepth = 128;

// The similarities of all rows of `left` with all of `right`.
//
// Thread safety: Work() may be called from any number of threads, once each; what is constructed of
// must not change meanwhile.
template <class Element>
class Similarities {
 public:
  // `results` has left.rows × right.rows elements, row by row. Requires: at least one row of each,
  // as many columns, at least 1, finite elements, and for kCosine no row of zeros. `workers` is how
  // many calls of Work() there are to be. `progress`, if any, is told how many thousandths are
  // done.
  Similarities(const Matrix<Element>& left, const Matrix<Element>& right, const Formula& formula,
               Element* results, size_t workers, AbortFlag abort, std::atomic<int32_t>* progress);

  // Does its share; returns when nothing is left to begin, or was aborted.
  void Work();

  // How many threads can share the work.
  size_t Parallelism() const { return tasks_; }

  // After all calls of Work().
  Status Finish() const;

 private:
  struct Buffers;

  void Run(size_t task, Buffers* buffers);
  void PackRight(size_t begin, size_t count, Buffers* buffers) const;
  // False when it was aborted.
  bool ScoreBlock(size_t first_row, size_t rows, size_t first_column, size_t columns,
                  Buffers* buffers);
  void PackLeft(size_t first, size_t count, size_t begin, size_t depth, Buffers* buffers) const;
  // The scale of a row.
  double ScaleOfRow(const Element* row) const;
  void Report(size_t pairs);

  const Matrix<Element> left_;
  const Matrix<Element> right_;
  const Formula formula_;
  Element* const results_;
  const AbortFlag abort_;
  std::atomic<int32_t>* const progress_;
  const simd::TileKernels<Element>& tiles_;
  const typename simd::TileKernels<Element>::Kernel kernel_;
  // Of all rows, where they share one; else 0.
  const double common_scale_;

  // Rows and columns of a block of results; whole tiles.
  const size_t block_rows_;
  const size_t block_columns_;
  const size_t column_blocks_;
  // Blocks, one below the other, that a task has: they share their right panels.
  const size_t task_blocks_;
  const size_t tasks_;

  std::atomic<size_t> next_task_{0};
  std::atomic<size_t> done_{0};
  std::atomic<bool> aborted_{false};
};

extern template class Similarities<float>;
extern template class Similarities<double>;

}  // namespace skalar

#endif  // SKALAR_SCORE_SIMILARITIES_H_
