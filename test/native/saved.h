// A store and a graph over it, saved in a file and opened again.

#ifndef SKALAR_TEST_NATIVE_SAVED_H_
#define SKALAR_TEST_NATIVE_SAVED_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "corpus.h"
#include "hnsw/index.h"
#include "store/section_file.h"

namespace skalar {

// In the state that they are in; `crc` is then that of the header.
inline Status SaveTo(const std::string& path, const VectorStore& store, const hnsw::Index& index,
                     uint32_t* crc, const AbortFlag& abort = nullptr) {
  SectionWriter writer(path.c_str());
  SectionNotes notes = {};
  const VectorStore::View view = store.Snapshot();
  const bool whole =
      view.Write(&writer, &notes, abort) && index.Save().Write(view, &writer, &notes, abort);
  return whole ? writer.Finish(notes, crc) : Status::Aborted();
}

// Null where there is none that is whole.
inline std::shared_ptr<const SectionFile> OpenFile(const std::string& path, uint32_t crc) {
  std::shared_ptr<const SectionFile> file;
  static_cast<void>(SectionFile::Open(path.c_str(), crc, &file));
  return file;
}

inline std::shared_ptr<const SectionFile> Saved(const std::string& path, const VectorStore& store,
                                                const hnsw::Index& index) {
  uint32_t crc = 0;
  EXPECT_TRUE(SaveTo(path, store, index, &crc).ok());
  std::shared_ptr<const SectionFile> file = OpenFile(path, crc);
  EXPECT_NE(file, nullptr);
  return file;
}

inline void CheckAll(const SectionFile& file) {
  while (!file.CheckOn(nullptr)) continue;
}

// What the corpus holds, in a store that is mapped.
inline Corpus Mapped(const Corpus& corpus, const std::shared_ptr<const SectionFile>& file) {
  Corpus mapped(corpus.store.dimension());
  EXPECT_TRUE(mapped.store.Open(file).ok());
  mapped.vectors = corpus.vectors;
  mapped.rows = corpus.rows;
  return mapped;
}

}  // namespace skalar

#endif  // SKALAR_TEST_NATIVE_SAVED_H_
