#include "score/kernel_machine.h"

#include <algorithm>
#include <utility>

namespace skalar {

KernelMachine::KernelMachine(size_t columns, const Formula& formula, std::vector<uint32_t> ends,
                             std::vector<double> weights, std::vector<double> offsets)
    : columns_(columns),
      formula_(formula),
      ends_(std::move(ends)),
      weights_(std::move(weights)),
      offsets_(std::move(offsets)),
      tiles_(simd::Active().widening),
      panels_((supports() + tiles_.width - 1) / tiles_.width) {}

Status KernelMachine::Pack(const float* supports, AbortFlag abort) {
  if (is_packed_.load(std::memory_order_acquire)) return Status::Ok();
  const std::lock_guard lock(mutex_);
  if (packed_ == nullptr) packed_ = AllocateHuge<float>(panels_ * width() * columns_);
  if (packed_ == nullptr) return Status::OutOfMemory("there is no memory for the support vectors");
  for (; packed_panels_ < panels_; ++packed_panels_) {
    if (IsStopped(abort)) return Status::Aborted();
    PackPanel({supports, this->supports(), columns_}, packed_panels_);
  }
  is_packed_.store(true, std::memory_order_release);
  return Status::Ok();
}

void KernelMachine::PackPanel(const Matrix<float>& supports, size_t i) {
  const size_t first = i * width();
  const size_t used = std::min(width(), supports.rows - first);
  float* panel = packed_.get() + first * columns_;
  for (size_t s = 0; s < used; ++s) {
    PackRow(supports, first + s, 0, columns_, 1.0f, s, width(), panel);
  }
  PadPanel(columns_, used, width(), panel);
}

size_t KernelMachine::memory() const {
  const bool is_packed = is_packed_.load(std::memory_order_acquire);
  const size_t packed = is_packed ? panels_ * width() * columns_ * sizeof(float) : 0;
  return packed + (weights_.size() + offsets_.size()) * sizeof(double);
}

}  // namespace skalar
