// Ids by ordinal, so that results need no look-up in LMDB.
//
// An id is kept in the bytes that it has in LMDB, in keys and record rows alike (docs/format.md):
//   0x01, then 8 bytes: an integer as a float64, big-endian, its sign bit flipped (all bits if
//   negative)
//   0x02, then UTF-8:   a string
// Those of a file (store/section_file.h) are read where they are mapped; one that is set belongs to
// a group in memory, whose others are copied.
//
// Thread safety: belongs to the JavaScript thread. A copy is cheap, stays as it is whatever becomes
// of the original, and may be read on another thread.

#ifndef SKALAR_STORE_ID_COLUMN_H_
#define SKALAR_STORE_ID_COLUMN_H_

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/abort.h"
#include "base/prefetch.h"
#include "store/section_file.h"

namespace skalar {

inline constexpr char kIntegerId = 0x01;

class IdColumn {
 public:
  void Set(uint32_t ordinal, std::string_view id);

  // Asks for what Get() reads.
  SKALAR_ONLY_FETCHES void Fetch(uint32_t ordinal) const {
    if (const std::vector<std::string>* group = GroupOf(ordinal)) {
      Prefetch(&(*group)[ordinal % kGroup]);
    }
  }

  // Empty when the ordinal was never set, as in a damaged database.
  std::string_view Get(uint32_t ordinal) const {
    const std::vector<std::string>* group = GroupOf(ordinal);
    return group != nullptr ? std::string_view((*group)[ordinal % kGroup]) : InFile(ordinal);
  }

  // Sections 4 and 5 of a file (docs/format.md); false when it was told to stop.
  bool Write(SectionWriter* writer, const AbortFlag& abort) const;
  // What Write() has written. Requires: nothing was set.
  void Open(std::shared_ptr<const SectionFile> file);

 private:
  // Ids that are copied together.
  static constexpr size_t kGroup = 256;
  using Group = std::shared_ptr<std::vector<std::string>>;

  // Null where it has none in memory.
  const std::vector<std::string>* GroupOf(uint32_t ordinal) const {
    const size_t group = ordinal / kGroup;
    return group < groups_.size() ? groups_[group].get() : nullptr;
  }
  // Empty where the file has none.
  std::string_view InFile(uint32_t ordinal) const;

  std::vector<Group> groups_;
  std::shared_ptr<const SectionFile> file_;
  // Of ids in the file.
  size_t count_ = 0;
};

inline bool IsInteger(std::string_view id) { return !id.empty() && id[0] == kIntegerId; }

inline bool IsText(std::string_view id) { return !id.empty() && id[0] != kIntegerId; }

// Requires: IsInteger(id).
inline double IntegerOf(std::string_view id) {
  uint64_t ordered = 0;
  for (char byte : id.substr(1)) ordered = ordered << 8 | static_cast<uint8_t>(byte);
  constexpr uint64_t kSign = uint64_t{1} << 63;
  return std::bit_cast<double>(ordered & kSign ? ordered ^ kSign : ~ordered);
}

// Requires: IsText(id).
inline std::string_view TextOf(std::string_view id) { return id.substr(1); }

}  // namespace skalar

#endif  // SKALAR_STORE_ID_COLUMN_H_
