// Saved generations as JavaScript sees them (src/native.ts: NativeGeneration).

#ifndef SKALAR_BINDING_GENERATION_H_
#define SKALAR_BINDING_GENERATION_H_

#include <napi.h>

#include <memory>

#include "binding/function.h"
#include "store/section_file.h"

namespace skalar::binding {

class Generation : public Wrapped<Generation> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Generation(const Napi::CallbackInfo& info);

  // Null where it could not be opened, which the constructor has told.
  const std::shared_ptr<const SectionFile>& file() const { return file_; }

 private:
  Napi::Value Check(const Napi::CallbackInfo& info);
  Napi::Value Checked(const Napi::CallbackInfo& info);
  Napi::Value Damaged(const Napi::CallbackInfo& info);
  Napi::Value Bytes(const Napi::CallbackInfo& info);

  std::shared_ptr<const SectionFile> file_;
};

// saveGeneration(pool, path, store, hnsw or null, abort) → Promise of the header's checksum. No
// build() of the graph may be under way, or begin before it is done.
Napi::Value StartSave(const Napi::CallbackInfo& info);

}  // namespace skalar::binding

#endif  // SKALAR_BINDING_GENERATION_H_
