// The images of a store's rows (score/whitened.h), made in batches and kept up with it.
//
//   JavaScript thread:  Put() and Remove(), as the store is changed; Begin(); Finish() of a batch
//   worker threads:     Work() of the batch that was begun
//
// Thread safety: everything on one thread, but for WhiteningBatch::Work(), which any number may
// share.
//
// Invariant: a slot that Snapshot() knows is live in the store, and its image is of the row that it
// has there. So whoever takes a View of the store at the same moment has rows and images that
// belong together, as both are immutable.

#ifndef SKALAR_SCORE_WHITENING_H_
#define SKALAR_SCORE_WHITENING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "score/whitened.h"
#include "store/vector_store.h"

namespace skalar {

// Rows that get their images together.
class WhiteningBatch {
 public:
  // How many threads can share the work.
  size_t Parallelism() const { return (slots_->size() + kImagesAtOnce - 1) / kImagesAtOnce; }

  // Does its share; returns when nothing is left to begin, or `abort` is raised.
  void Work(const AbortFlag& abort);

 private:
  friend class Whitening;

  WhiteningBatch(VectorStore::View view, std::shared_ptr<const Frame> frame,
                 std::vector<uint32_t> slots);
  uint32_t Slot(size_t i) const { return (*slots_)[i]; }
  void WhitenBlock(size_t begin, size_t end);

  // Constant after construction.
  const VectorStore::View view_;
  const std::shared_ptr<const Frame> frame_;
  const std::shared_ptr<const std::vector<uint32_t>> slots_;

  std::atomic<size_t> next_block_{0};
  // Each element is written by the one thread that has its block.
  std::vector<uint8_t> rows_;      // as a store takes them
  std::vector<double> distances_;  // r; NaN of what is not done
};

class Whitening {
 public:
  // All live slots of `view` wait.
  Whitening(std::shared_ptr<const Precision> precision, const VectorStore::View& view);

  // Slots that have come to the store, or have got another vector.
  void Put(const uint32_t* slots, size_t count);
  // Slots that it has forgotten.
  void Remove(const uint32_t* slots, size_t count);

  // Slots without an image that are to get one; those of a batch under way are among them.
  size_t waiting() const { return waiting_; }

  // Takes rows that wait, as many as a thread whitens in 10 to 20 milliseconds. Null when there are
  // none. `view` is the store's own of this moment. What a batch before has not finished waits
  // again, and whoever finishes that one has worked for nothing.
  std::unique_ptr<WhiteningBatch> Begin(const VectorStore::View& view);

  // When all threads are done. What has changed meanwhile is passed over. What they have not done
  // waits still, and where memory is refused, so does the rest: the next batch takes it.
  Status Finish(WhiteningBatch* batch);

  std::shared_ptr<const Whitened> Snapshot();

  // Bytes allocated for images and matrices.
  size_t memory() const;

 private:
  enum class State : uint8_t { kAbsent, kWaiting, kUnderWay, kDone };

  void Wait(uint32_t slot);
  void Forget(uint32_t slot);
  void Know(uint32_t slot, bool known);
  // Lets go of the last snapshot, which keeps what it knows.
  void Detach();

  const std::shared_ptr<const Precision> precision_;
  std::shared_ptr<const Frame> frame_;
  VectorStore images_;
  std::vector<State> states_;
  size_t waiting_ = 0;
  uint32_t next_ = 0;  // no slot before it is kWaiting
  // Of the last batch: only these may be kUnderWay.
  std::shared_ptr<const std::vector<uint32_t>> taken_;
  double reach_ = 0;
  // Bits as in Whitened, which shares them.
  std::shared_ptr<std::vector<uint64_t>> known_;
  std::shared_ptr<const Whitened> snapshot_;  // the last one; null when something has changed
};

}  // namespace skalar

#endif  // SKALAR_SCORE_WHITENING_H_
