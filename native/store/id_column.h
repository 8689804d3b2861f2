// Ids by ordinal, so that results need no look-up in LMDB.
//
// An id is kept in the bytes that it has in LMDB, in keys and record rows alike (docs/format.md):
//   0x01, then 8 bytes: an integer as a float64, big-endian, its sign bit flipped (all bits if
//   negative) 0x02, then UTF-8:   a string
//
// Thread safety: none; belongs to the JavaScript thread.

#ifndef SKALAR_STORE_ID_COLUMN_H_
#define SKALAR_STORE_ID_COLUMN_H_

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/prefetch.h"

namespace skalar {

inline constexpr char kIntegerId = 0x01;

class IdColumn {
 public:
  void Set(uint32_t ordinal, std::string_view id) {
    if (ordinal >= ids_.size()) ids_.resize(size_t{ordinal} + 1);
    ids_[ordinal] = id;
  }

  // Asks for what Get() reads.
  SKALAR_ONLY_FETCHES void Fetch(uint32_t ordinal) const {
    if (ordinal < ids_.size()) Prefetch(&ids_[ordinal]);
  }

  // Empty when the ordinal was never set, as in a damaged database.
  std::string_view Get(uint32_t ordinal) const {
    return ordinal < ids_.size() ? std::string_view(ids_[ordinal]) : std::string_view();
  }

 private:
  std::vector<std::string> ids_;
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
