// A support-vector machine, one class against one, as decisions need it (score/decisions.h).
//
// Support vectors are float32, and are laid out once in panels that are multiplied with float64
// (simd/tiles.h): so a decision about one vector reads the bytes that there are, in their order.
//
// Thread safety: all methods may be called from any thread.

#ifndef SKALAR_SCORE_KERNEL_MACHINE_H_
#define SKALAR_SCORE_KERNEL_MACHINE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/abort.h"
#include "base/aligned.h"
#include "base/status.h"
#include "score/formula.h"
#include "score/panels.h"
#include "simd/kernels.h"

namespace skalar {

class KernelMachine {
 public:
  // `ends` has for each class, of which there are at least 2, the number of the support behind its
  // last one: ascending to the number of all, at least 1. `weights` are (classes - 1) x supports:
  // of a support of class c, row t has its weight against class t where t < c, else against class
  // t + 1. `offsets` are rho of the pairs (0, 1), (0, 2) ... (1, 2) ...
  // Requires: `formula` is of a kernel, so neither of kCosine nor of kChebyshev; columns >= 1.
  KernelMachine(size_t columns, const Formula& formula, std::vector<uint32_t> ends,
                std::vector<double> weights, std::vector<double> offsets);

  size_t columns() const { return columns_; }
  size_t supports() const { return ends_.back(); }
  size_t classes() const { return ends_.size(); }
  size_t pairs() const { return offsets_.size(); }
  const Formula& formula() const { return formula_; }
  const std::vector<uint32_t>& ends() const { return ends_; }
  const std::vector<double>& offsets() const { return offsets_; }
  // Row t of the weights.
  const double* weights(size_t t) const { return weights_.data() + t * supports(); }

  // Lays out the support vectors, row by row those of class 0, then of class 1, and so on: the same
  // in each call, of which the first does it, while others wait. kAborted when told to stop before
  // it was done: the next call goes on. kOutOfMemory.
  Status Pack(const float* supports, AbortFlag abort);

  // Panels of tiles().width supports; the last is padded with zeros.
  size_t panels() const { return panels_; }
  // All components of a panel, those of number 0 first. Requires: Pack() has returned kOk.
  const float* panel(size_t i) const { return packed_.get() + i * width() * columns_; }
  size_t width() const { return tiles_.width; }
  const simd::WideningKernels& tiles() const { return tiles_; }

  // Bytes allocated, those of panels once all are packed.
  size_t memory() const;

 private:
  void PackPanel(const Matrix<float>& supports, size_t i);

  const size_t columns_;
  const Formula formula_;
  const std::vector<uint32_t> ends_;
  const std::vector<double> weights_;
  const std::vector<double> offsets_;
  const simd::WideningKernels& tiles_;
  const size_t panels_;

  std::atomic<bool> is_packed_{false};
  std::mutex mutex_;
  AlignedArray<float> packed_;  // written under mutex_ before is_packed_ is set
  size_t packed_panels_ = 0;    // guarded by mutex_
};

}  // namespace skalar

#endif  // SKALAR_SCORE_KERNEL_MACHINE_H_
