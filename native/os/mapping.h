// Bytes of a file as memory.

#ifndef SKALAR_OS_MAPPING_H_
#define SKALAR_OS_MAPPING_H_

#include <cstddef>
#include <cstdint>

#include "os/file.h"

namespace skalar::os {

// Ends with it. Bytes that the file no longer has, because somebody made it shorter, must not be
// touched: the process ends by SIGBUS.
class Mapping {
 public:
  enum class Access {
    kRead,     // what the file holds, as it is at any time
    kShared,   // written to the file, and seen by all who map it
    kPrivate,  // written for this mapping alone, page by page as it is written to
  };

  Mapping() = default;
  ~Mapping() { Unmap(); }
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;

  // `size` bytes from an offset on, which is a multiple of 64 KiB. The file need not stay open.
  // Null where that fails; also where the file is shorter, or `size` is 0.
  static Mapping Map(const File& file, Access access, uint64_t offset, size_t size);

  // The process lets go of the pages it has; they are mapped again when they are next touched.
  // Requires: kRead.
  void Forget() const;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  Mapping(void* data, size_t size) : data_(static_cast<uint8_t*>(data)), size_(size) {}
  void Unmap();

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace skalar::os

#endif  // SKALAR_OS_MAPPING_H_
