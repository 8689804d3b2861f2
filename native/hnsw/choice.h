// What a graph needs to know before its first node, found out on a sample of the vectors that wait:
// the frame of images, where it is of these; and which codes suit, that is whether the plane that
// walks read tells neighbours from others.
//
// It does on most data. Where all vectors are much alike next to their lengths, as they are when
// most of each is one common offset, neighbours differ by less than a step, and walks would be
// blind; then the vectors themselves are what walks read.

#ifndef SKALAR_HNSW_CHOICE_H_
#define SKALAR_HNSW_CHOICE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "hnsw/index.h"
#include "quant/code.h"
#include "score/query.h"
#include "score/whitened.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

class Choice {
 public:
  // On the JavaScript thread, as Finish(). Requires: the index is undecided().
  Choice(Index* index, VectorStore::View vectors);

  // Measures. On any thread, once.
  void Work(const AbortFlag& abort = nullptr);
  // The index uses the codes from then on, unless it has nodes by now; kAborted, and it is
  // undecided as before, when Work() has not come to its end.
  Status Finish();

 private:
  // Makes the frame, and the images of the sample what is measured.
  Status MakeFrame(const AbortFlag& abort);
  // Sets which codes suit; false when it was told to stop.
  bool ChooseCodes(const AbortFlag& abort);
  // How many of the nearest to a slot are among the first by codes.
  size_t Found(uint32_t slot, const CodeFormat& format, const std::vector<uint8_t>& codes,
               const std::vector<Point>& points) const;

  Index* const index_;
  const Metric metric_;
  const bool wants_codes_;
  // Those of the sample; of images once there is a frame.
  VectorStore::View vectors_;
  std::vector<uint32_t> sample_;
  double reference_ = 0;
  std::shared_ptr<const Frame> frame_;
  Codes codes_ = Codes::kInt8;
  Status status_ = Status::Aborted();  // until Work() has come to its end
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_CHOICE_H_
