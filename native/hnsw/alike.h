// Which nodes walks cannot tell from one another: they become twins (hnsw/graph.h).
//
// Of planes: those whose upper planes, which are all that walks read of a vector, are equal byte
// for byte, and whose lengths differ by no more than half a step of them. Of float32: those whose
// vectors are so near each other that half the square of their distance is next to nothing in a
// rank's float32.
//
// Linked like others, such nodes would be lost: each refuses all others as neighbours but one,
// since among those none is diverse, and a walk that sees the same rank everywhere goes nowhere.

#ifndef SKALAR_HNSW_ALIKE_H_
#define SKALAR_HNSW_ALIKE_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hnsw/graph.h"
#include "quant/code.h"

namespace skalar::hnsw {

// How far twins may be from their head, in scales of its code: by how much more than the head's own
// its rank may miss those of its twins.
inline float AlikeWithin(const CodeFormat& format) { return format.planes() ? 1.0f : 0x1p-11f; }

inline bool AreAlike(const Graph::View& graph, const CodeFormat& format, uint32_t head,
                     uint32_t node) {
  const float within = AlikeWithin(format) * graph.PointOf(head).scale;
  const float longer = graph.DetailOf(node).length - graph.DetailOf(head).length;
  if (!(std::abs(longer) <= within)) return false;
  const uint8_t* a = graph.Code(head);
  const uint8_t* b = graph.Code(node);
  if (std::memcmp(a, b, format.code_bytes()) == 0) return true;
  if (format.planes()) return false;
  // Of directions, so that the scale is the length.
  const auto* x = reinterpret_cast<const float*>(a);
  const auto* y = reinterpret_cast<const float*>(b);
  constexpr float kMost = 0x1p-22f;
  float squares = 0;
  for (size_t i = 0; i < format.components() && squares <= kMost; ++i) {
    squares += (x[i] - y[i]) * (x[i] - y[i]);
  }
  return squares <= kMost;
}

}  // namespace skalar::hnsw

#endif  // SKALAR_HNSW_ALIKE_H_
