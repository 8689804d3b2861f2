#ifndef SKALAR_BINDING_EXTERNAL_MEMORY_H_
#define SKALAR_BINDING_EXTERNAL_MEMORY_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace skalar::binding {

// Tells the garbage collector what letting go of a JavaScript object would free. A member of it.
class ExternalMemory {
 public:
  explicit ExternalMemory(Napi::Env env) : env_(env) {}
  ~ExternalMemory() { Report(0); }
  ExternalMemory(const ExternalMemory&) = delete;
  ExternalMemory& operator=(const ExternalMemory&) = delete;

  void Report(size_t bytes) {
    const auto memory = static_cast<int64_t>(bytes);
    Napi::MemoryManagement::AdjustExternalMemory(env_, memory - reported_);
    reported_ = memory;
  }

 private:
  const Napi::Env env_;
  int64_t reported_ = 0;
};

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_EXTERNAL_MEMORY_H_
