// A choice of what a graph needs before its first node, made while memory is refused.

#ifndef SKALAR_TEST_NATIVE_MEMORY_CHOOSE_H_
#define SKALAR_TEST_NATIVE_MEMORY_CHOOSE_H_

#include <gtest/gtest.h>

#include <new>

#include "hnsw/choice.h"
#include "hnsw/index.h"
#include "store/vector_store.h"

namespace skalar::hnsw {

// Whether the index has what was chosen; never after an exception.
inline bool Choose(Index* index, const VectorStore& store) {
  Choice choice(index, store.Snapshot());
  bool refused = false;
  try {
    choice.Work();
  } catch (const std::bad_alloc&) {
    refused = true;
  }
  const bool chosen = choice.Finish().ok();
  EXPECT_FALSE(refused && chosen);
  return chosen;
}

}  // namespace skalar::hnsw

#endif  // SKALAR_TEST_NATIVE_MEMORY_CHOOSE_H_
