#include "score/whitening.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "store/row.h"

namespace skalar {
namespace {

// Products and additions that a batch takes, and bytes that the JavaScript thread copies of it.
constexpr size_t kBatchWork = size_t{1} << 28;
constexpr size_t kBatchBytes = size_t{1} << 20;
constexpr size_t kFewestRows = 16;
constexpr size_t kMostRows = 1024;

}  // namespace

WhiteningBatch::WhiteningBatch(VectorStore::View view, std::shared_ptr<const Frame> frame,
                               std::vector<uint32_t> slots)
    : view_(std::move(view)),
      frame_(std::move(frame)),
      slots_(std::make_shared<const std::vector<uint32_t>>(std::move(slots))),
      rows_(slots_->size() * RowBytes(frame_->dimension())),
      distances_(slots_->size(), std::numeric_limits<double>::quiet_NaN()) {}

void WhiteningBatch::Work(const AbortFlag& abort) {
  for (size_t begin; (begin = kImagesAtOnce * next_block_.fetch_add(1)) < slots_->size();) {
    if (IsStopped(abort)) return;
    WhitenBlock(begin, std::min(begin + kImagesAtOnce, slots_->size()));
  }
}

void WhiteningBatch::WhitenBlock(size_t begin, size_t end) {
  WriteImages(*frame_, view_, slots_->data() + begin, end - begin,
              rows_.data() + begin * RowBytes(frame_->dimension()), distances_.data() + begin);
}

Whitening::Whitening(std::shared_ptr<const Precision> precision, const VectorStore::View& view)
    : precision_(std::move(precision)),
      images_(view.dimension()),
      states_(view.chunk_count() * view.chunk_slots(), State::kAbsent),
      known_(std::make_shared<std::vector<uint64_t>>()) {
  for (size_t c = 0; c < view.chunk_count(); ++c) {
    for (size_t word = 0; word < view.chunk_slots() / 64; ++word) {
      const uint64_t live = view.chunk(c).live[word].load(std::memory_order_acquire);
      for (uint64_t rest = live; rest != 0; rest &= rest - 1) {
        states_[c * view.chunk_slots() + 64 * word + std::countr_zero(rest)] = State::kWaiting;
        ++waiting_;
      }
    }
  }
}

void Whitening::Put(const uint32_t* slots, size_t count) {
  if (count == 0) return;
  const size_t needed = size_t{*std::max_element(slots, slots + count)} + 1;
  if (states_.size() < needed) states_.resize(std::max(needed, states_.size() * 5 / 4));
  for (size_t i = 0; i < count; ++i) {
    Forget(slots[i]);
    Wait(slots[i]);
  }
}

void Whitening::Remove(const uint32_t* slots, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (slots[i] < states_.size()) Forget(slots[i]);
  }
}

void Whitening::Wait(uint32_t slot) {
  states_[slot] = State::kWaiting;
  next_ = std::min(next_, slot);
  ++waiting_;
}

// What may be refused memory comes first: doing the same again does the rest.
void Whitening::Forget(uint32_t slot) {
  State& state = states_[slot];
  if (state == State::kDone) {
    Detach();
    Know(slot, false);
    images_.Remove(&slot, 1, 1);
  }
  if (state == State::kWaiting || state == State::kUnderWay) --waiting_;
  state = State::kAbsent;
}

void Whitening::Know(uint32_t slot, bool known) {
  const uint64_t bit = uint64_t{1} << (slot % 64);
  const bool was = slot / 64 < known_->size() && ((*known_)[slot / 64] & bit) != 0;
  if (was == known) return;
  if (slot / 64 >= known_->size()) known_->resize(slot / 64 + 1);
  (*known_)[slot / 64] ^= bit;
}

void Whitening::Detach() {
  if (snapshot_ == nullptr) return;
  known_ = std::make_shared<std::vector<uint64_t>>(*known_);
  snapshot_ = nullptr;
}

std::unique_ptr<WhiteningBatch> Whitening::Begin(const VectorStore::View& view) {
  if (taken_ != nullptr) {
    for (const uint32_t slot : *taken_) {
      if (states_[slot] != State::kUnderWay) continue;
      --waiting_;
      Wait(slot);
    }
    taken_ = nullptr;
  }
  const size_t n = view.dimension();
  const size_t most =
      std::clamp(std::min(kBatchWork / (n * n), kBatchBytes / RowBytes(n)), kFewestRows, kMostRows);
  std::vector<uint32_t> slots;
  auto at = states_.begin() + next_;
  while (slots.size() < most) {
    at = std::find(at, states_.end(), State::kWaiting);
    if (at == states_.end()) break;
    slots.push_back(static_cast<uint32_t>(at++ - states_.begin()));
  }
  const auto next = static_cast<uint32_t>(at - states_.begin());
  if (slots.empty()) {
    next_ = next;
    return nullptr;
  }
  if (frame_ == nullptr) {
    frame_ = Frame::Of(precision_, view, slots.data(), slots.size());
  }
  std::unique_ptr<WhiteningBatch> batch(new WhiteningBatch(view, frame_, std::move(slots)));
  taken_ = batch->slots_;
  for (const uint32_t slot : *taken_) states_[slot] = State::kUnderWay;
  next_ = next;
  return batch;
}

Status Whitening::Finish(WhiteningBatch* batch) {
  if (batch->slots_ != taken_) return Status::Ok();
  Detach();
  const size_t bytes = RowBytes(batch->frame_->dimension());
  for (size_t i = 0; i < batch->slots_->size(); ++i) {
    const uint32_t slot = batch->Slot(i);
    const double distance = batch->distances_[i];
    if (states_[slot] != State::kUnderWay || std::isnan(distance)) continue;
    // What is infinitely far has no image, and waits for none.
    if (std::isfinite(distance)) {
      const Status status = images_.Put(&slot, batch->rows_.data() + i * bytes, 1, 1);
      if (!status.ok()) return status;
      Know(slot, true);
      reach_ = std::max(reach_, distance);
    }
    states_[slot] = State::kDone;
    --waiting_;
  }
  return Status::Ok();
}

std::shared_ptr<const Whitened> Whitening::Snapshot() {
  if (snapshot_ == nullptr) {
    snapshot_ = std::make_shared<const Whitened>(
        Whitened{precision_, frame_, images_.Snapshot(), known_, reach_});
  }
  return snapshot_;
}

size_t Whitening::memory() const {
  return images_.memory() + precision_->memory() + states_.capacity() + 8 * known_->capacity();
}

}  // namespace skalar
