// Attention over stored rows: a weight for each row, by how it suits a query, and the sum of the
// rows' values by these weights. One pass over the rows, without a weight kept for each: the sum
// so far is of weights relative to the largest one so far, and is scaled down when a larger one
// comes (M. Milakov and N. Gimelshein, "Online normalizer calculation for softmax", 2018,
// arXiv:1805.02867; M. N. Rabe and C. Staats, "Self-attention does not need O(n²) memory", 2021,
// arXiv:2112.05682).
//
//   theirs   here
//   x_i      the logit of a row: the logarithm of its weight before weights are made to sum to 1
//   m, d     Total::max, Total::sum
//   v_i      a row's value; o: an output
//
// Any number of workers share a pass:
//
//   worker threads:  Work() … Work()          each takes blocks until none is left
//   one of them:     Finish()                 after every Work() has returned
//
// Logits and sums are float64. In which order workers come to rows decides the last bits of sums.
//
// Thread safety: Work() may run on several threads at once; everything else on one.

#ifndef SKALAR_SCORE_ATTENTION_H_
#define SKALAR_SCORE_ATTENTION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include "base/abort.h"
#include "base/status.h"
#include "score/query.h"
#include "store/vector_store.h"

namespace skalar {

// How logits are made. Never to change: the numbers cross Node-API (src/native.ts).
enum class Affinity : uint32_t {
  kDot = 0,         // scale x·q
  kRbf = 1,         // −scale |x − q|²
  kLaplacian = 2,   // −scale Σ|x − q|
  kPolynomial = 3,  // scale ln |x·q − center|: of an even power, but for a factor
};

struct Weighting {
  Affinity affinity = Affinity::kDot;
  double scale = 1;
  double center = 0;
  // MostByLengths() in place of logits. Needs no rows.
  bool bound = false;
  // Of |x||q| or what else logits are made of: so much more, relatively, for bounds to hold
  // whatever was rounded.
  double slack = 0;
};

// A part of all components, in whole lanes.
struct Window {
  size_t begin = 0;
  size_t count = 0;
};

// One query with a softmax of its own.
struct Head {
  std::vector<float> query;        // padded to the stride of keys
  Window keys;                     // outside of which its query is zero
  Window values;                   // what its output is of
  std::vector<uint32_t> excluded;  // ascending slots that take no part
};

// What is summed. Nothing, unless one of these is set.
struct Values {
  bool own = false;  // the keys themselves
  // Of each member the slot of another store, or the row of a matrix whose rows are `stride`
  // floats.
  const VectorStore::View* store = nullptr;
  const float* rows = nullptr;
  size_t stride = 0;
  std::vector<uint32_t> places;
};

// A logit of no weight.
inline constexpr double kNothing = -std::numeric_limits<double>::infinity();

struct Total {
  // The largest logit; kNothing where there is none, or none but weights of 0.
  double max = kNothing;
  // Of all weights, each e^(logit − max).
  double sum = 0;
  // Rows that took part, and the longest of all, excluded ones too.
  size_t rows = 0;
  double longest = 0;

  // Makes the largest logit at least `logit`; what all sums of weights so far are to be multiplied
  // with, of which this one is.
  double Raise(double logit);
  // Adds the weights of these logits.
  void AddWeights(const double* logits, size_t count);
  // Adds all there is of others.
  void Add(const Total& other);
};

// What the logit of a vector of length x cannot exceed, by a query of length q: by Cauchy and
// Schwarz |x·q| ≤ |x||q|, and |x − q| ≥ ||x| − |q||, which is the least Σ|x − q| there is too.
double MostByLengths(const Weighting& weighting, double x, double q);

class Attention {
 public:
  // `members`: the only slots to take part, or null. At most `top` of the heaviest are told. What
  // `values` points to and `abort` must outlive the pass.
  Attention(VectorStore::View keys, Weighting weighting, std::vector<Head> heads, SlotList members,
            Values values, size_t top, AbortFlag abort);

  ~Attention();
  Attention(const Attention&) = delete;
  Attention& operator=(const Attention&) = delete;

  // How many workers can have something to do.
  size_t Parallelism() const { return blocks_; }

  void Work();

  // In the order of heads: outputs of `values.count` components, one behind the other; totals; and
  // the heaviest rows with their weights, heaviest first, equal ones by ascending slot. kAborted
  // when it was told to stop.
  Status Finish(std::vector<double>* outputs, std::vector<Total>* totals,
                std::vector<Hits>* heaviest);

 private:
  struct Part;  // what one worker has found for one head
  struct Rows;  // a stretch of rows

  std::vector<Part> NewParts() const;
  void ReadChunk(size_t block, std::vector<Part>* parts) const;
  void ReadMembers(size_t block, std::vector<Part>* parts) const;
  void Add(uint32_t slot, size_t member, Rows* rows) const;
  void Absorb(const Rows& rows, std::vector<Part>* parts) const;
  void ComputeLogits(size_t head, const Rows& rows, double* logits) const;
  void ComputeBounds(size_t head, const Rows& rows, double* logits) const;
  void Merge(const Part& from, Part* into) const;

  // Constant after construction.
  const VectorStore::View keys_;
  const Weighting weighting_;
  const std::vector<Head> heads_;
  const SlotList members_;
  const Values values_;
  const size_t top_;
  const AbortFlag abort_;
  const size_t blocks_;
  std::vector<double> lengths_;  // |q| of each head

  std::atomic<size_t> next_block_{0};
  std::mutex mutex_;
  std::vector<Part> parts_;  // guarded by mutex_
};

}  // namespace skalar

#endif  // SKALAR_SCORE_ATTENTION_H_
