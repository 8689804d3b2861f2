// One query's way through the graph: a walk by what codes it reads, all there is of them for what
// that leaves possible, and the vectors themselves for the last few.
//
// A walk finds heads; all twins of a head (hnsw/graph.h) are as near as it is, as far as the codes
// that walks read can tell, and are candidates with it. Where candidates have to be cut off, it is
// between heads, never among the twins of one, unless whole codes tell them apart. So the work for
// a group of twins is linear in its size; copies are scored once for all of them.
//
// Thread safety: none; what it reads may be read by many.

#ifndef SKALAR_HNSW_ATTEMPT_H_
#define SKALAR_HNSW_ATTEMPT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/abort.h"
#include "hnsw/graph.h"
#include "hnsw/index.h"
#include "hnsw/intrinsic_dimension.h"
#include "hnsw/walk.h"
#include "quant/code.h"
#include "score/query.h"
#include "score/scorer.h"
#include "score/whitened.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

// What the searches of one call see: an index and its vectors at one moment.
struct Snapshot {
  // What is asked for, and what distances between nodes are.
  Metric metric;
  Metric order;
  VectorStore::View vectors;
  CodeFormat format;
  std::shared_ptr<ScratchPool> scratches;
  Graph::View graph;
  std::shared_ptr<const std::vector<uint32_t>> entries;
  double reference;
  // Of a graph of images.
  std::shared_ptr<const Frame> frame;
  IntrinsicDimension intrinsic_dimension;
  Moment moment;
  size_t alive;
  bool checked;  // Index::checked()
  AbortFlag abort;
};

class Attempt {
 public:
  // Both outlive it.
  Attempt(const Snapshot& snapshot, const Query& query);
  ~Attempt();

  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  const Scorer& scorer() const { return scorer_; }

  // False when codes cannot tell what is near the query: then nothing else may be called. Requires
  // of a graph of images that its metric is asked for.
  bool CanRank() const;

  // One of these first: walks, also two at once.
  void Walk();
  static void Walk(Attempt* a, Attempt* b);

  // Adds what was found to an answer, with exact scores, in no order. False when that is not all
  // there is to find: deletions can tear a graph apart.
  bool Finish(Hits* answer);

  // The query as the kernels take it; for scans by codes.
  const Scratch& Prepare();

 private:
  // Whether a walk that may answer every node is likely to find enough.
  bool PassesAll() const;
  // How many nodes a walk keeps that may answer each of them; or every node, dead ones too.
  Width WidthOfLive() const;
  Width WidthOfAll() const;
  Width WidthOf(size_t k, size_t ef) const;
  // Fills the candidates of the scratch with what the beam leaves possible, heads nearest first.
  // Returns how many they are, copies and all.
  size_t Collect();
  // Adds what may be answered of a head and its twins. Returns how many they are.
  size_t CollectGroup(uint32_t group);
  // Of more than k drops what whole codes exclude, and those that are too many to score.
  void Narrow();
  // Sets what ranks the candidates.
  void RankByWholeCodes();
  // Scores the candidates.
  void Score(Hits* answer) const;
  // Adds what copies there are of a candidate, which is the last one of an answer.
  void AddCopies(const Scratch::Candidate& candidate, Hits* answer) const;

  // By how much ranks of this query may miss, in scales of a node's code.
  float Margin() const;
  // By how much more those of a head may miss its twins' ranks.
  float TwinMargin() const;

  const Snapshot& snapshot_;
  const Query& query_;
  const Scorer scorer_;
  std::optional<Aim> aim_;  // in a graph of images
  // With what is not to be answered itself.
  const size_t k_;
  const size_t ef_;
  std::unique_ptr<Scratch> scratch_;
  std::optional<Permit> permit_;  // where not every node may be answered
};

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_ATTEMPT_H_
