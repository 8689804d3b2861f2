// Files of the operating system: what C++ has no name for. Paths are UTF-8.
//
// Thread safety: a File belongs to whoever has it; Identify() may be called by anybody.

#ifndef SKALAR_OS_FILE_H_
#define SKALAR_OS_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

namespace skalar::os {

// Which file it is, whatever it is called; for as long as anybody has it open or mapped.
struct Identity {
  uint64_t device;
  uint64_t number;

  bool operator==(const Identity&) const = default;
};

// Of the file of a name; none where there is none, or it cannot be told. Opens nothing where that
// matters (POSIX).
std::optional<Identity> Identify(const char* path);

// An open file, closed with it.
class File {
 public:
  enum class Mode {
    kRead,    // must be there
    kUpdate,  // must be there; read and written
    kCreate,  // made where it is missing; read and written
    kReplace  // made anew, empty; read and written
  };

#if defined(_WIN32)
  using Handle = void*;
#else
  using Handle = int;
#endif

  File() = default;
  ~File() { Close(); }
  File(File&& other) noexcept : handle_(other.Release()) {}
  File& operator=(File&& other) noexcept;

  // Not open where that fails.
  static File Open(const char* path, Mode mode);

  bool is_open() const;
  Handle handle() const { return handle_; }
  std::optional<Identity> identity() const;
  // Of bytes; 0 where that cannot be told.
  uint64_t size() const;

  // All bytes, from an offset on; false where that fails, on a full disk for example.
  bool Write(const void* bytes, size_t size, uint64_t offset);
  // Keeps exclusive locks on these bytes away, of this process too, until the file is closed; does
  // not wait. False where somebody has one, or the system has no such locks.
  bool LockShared(uint64_t offset, uint64_t size);
  // Puts all that was written on disk.
  bool Sync();
  void Close();
  // Lets it be open for ever.
  Handle Release();

 private:
  explicit File(Handle handle) : handle_(handle) {}
  static Handle None();

  Handle handle_ = None();
};

}  // namespace skalar::os

#endif  // SKALAR_OS_FILE_H_
